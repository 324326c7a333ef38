package githubsim

import (
	"fmt"
	"time"
)

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func permissions() map[string]string {
	return map[string]string{"actions": "write", "metadata": "read", "organization_self_hosted_runners": "write"}
}

func (s *Server) userPayload(login string, id int64, kind string) map[string]any {
	api, web := s.cfg.BaseURL+"/users/"+login, "https://github.com/"+login
	return map[string]any{
		"login": login, "id": id, "node_id": fmt.Sprintf("U_%d", id), "avatar_url": web + ".png", "gravatar_id": "",
		"url": api, "html_url": web, "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
		"gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
		"subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
		"type": kind, "site_admin": false,
	}
}

func (s *Server) organizationPayload(in Installation) map[string]any {
	api := s.cfg.BaseURL + "/orgs/" + in.Account
	return map[string]any{
		"login": in.Account, "id": in.AccountID, "node_id": fmt.Sprintf("O_%d", in.AccountID), "url": api,
		"repos_url": api + "/repos", "events_url": api + "/events", "hooks_url": api + "/hooks", "issues_url": api + "/issues",
		"members_url": api + "/members{/member}", "public_members_url": api + "/public_members{/member}",
		"avatar_url": "https://github.com/" + in.Account + ".png", "description": nil,
	}
}

func (s *Server) repositoryPayload(r *repository) map[string]any {
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	full := r.fullName()
	return map[string]any{
		"id": r.ID, "node_id": fmt.Sprintf("R_%d", r.ID), "name": r.Name, "full_name": full, "private": r.Private,
		"visibility": visibility, "fork": r.Fork, "archived": r.Archived, "owner": r.in.owner, "default_branch": "main",
		"html_url": "https://github.com/" + full, "url": s.cfg.BaseURL + "/repos/" + full, "description": nil,
	}
}

func (s *Server) appPayload() map[string]any {
	return map[string]any{
		"id": s.cfg.AppID, "slug": s.cfg.AppSlug, "name": s.cfg.AppSlug, "node_id": "A_1", "owner": s.userPayload("acme", 1, "Organization"),
		"description": nil, "external_url": "https://example.com", "html_url": "https://github.com/apps/" + s.cfg.AppSlug,
		"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "permissions": permissions(),
		"events": []string{"workflow_job"}, "installations_count": len(s.installations),
	}
}

func (s *Server) installationPayload(in *installation) map[string]any {
	return map[string]any{
		"id": in.ID, "account": in.owner, "repository_selection": "all", "app_id": s.cfg.AppID, "app_slug": s.cfg.AppSlug,
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.cfg.BaseURL, in.ID),
		"repositories_url":  s.cfg.BaseURL + "/installation/repositories", "html_url": "https://github.com/settings/installations",
		"target_id": in.AccountID, "target_type": accountType(in.Installation), "permissions": permissions(),
		"events": []string{"workflow_job"}, "created_at": instant(in.created), "updated_at": instant(in.created),
		"single_file_name": nil, "suspended_by": nil, "suspended_at": nil,
	}
}

func (s *Server) jobPayload(j *job) map[string]any {
	repo := s.cfg.BaseURL + "/repos/" + j.run.repo.fullName()
	web := fmt.Sprintf("https://github.com/%s/actions/runs/%d/job/%d", j.run.repo.fullName(), j.run.id, j.id)
	p := map[string]any{
		"id": j.id, "run_id": j.run.id, "run_attempt": j.attempt, "node_id": fmt.Sprintf("CR_%d", j.id),
		"run_url": fmt.Sprintf("%s/actions/runs/%d", repo, j.run.id), "url": fmt.Sprintf("%s/actions/jobs/%d", repo, j.id),
		"check_run_url": fmt.Sprintf("%s/check-runs/%d", repo, j.id), "html_url": web,
		"head_sha": "0000000000000000000000000000000000000000", "head_branch": "main", "name": j.spec.Name,
		"workflow_name": j.spec.Workflow, "status": j.status, "conclusion": nil, "created_at": instant(j.created),
		"started_at": instant(j.created), "completed_at": instant(j.done), "labels": j.spec.Labels, "steps": []any{},
		"runner_id": nil, "runner_name": nil, "runner_group_id": nil, "runner_group_name": nil,
	}
	if j.conclusion != "" {
		p["conclusion"] = j.conclusion
	}
	if !j.started.IsZero() {
		p["started_at"] = instant(j.started)
	}
	if r := j.shown; r != nil && !j.started.IsZero() {
		p["runner_id"], p["runner_name"], p["runner_group_id"], p["runner_group_name"] = r.id, r.name, max(r.group, 1), "Default"
	}
	return p
}

func (s *Server) eventPayload(j *job, action string) map[string]any {
	in := j.run.repo.in
	p := map[string]any{
		"action": action, "workflow_job": s.jobPayload(j), "repository": j.run.repo.body, "sender": in.owner,
		"installation": map[string]any{"id": in.ID, "node_id": fmt.Sprintf("I_%d", in.ID)},
	}
	if in.org != nil {
		p["organization"] = in.org
	}
	return p
}
