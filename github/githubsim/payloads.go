package githubsim

import (
	"fmt"
	"time"
)

// headSHA is the commit of every run: which one never matters here.
const headSHA = "9b2e3f0c7d1a4e5b6c8d9e0f1a2b3c4d5e6f7a8b"

// instant renders a time, and the zero time as null.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// nullable renders an empty text as null.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func events() []string { return []string{"workflow_job", "workflow_run"} }

func (s *Server) userPayload(login string, id int64, kind string) map[string]any {
	api, web := s.cfg.BaseURL+"/users/"+login, s.site()+"/"+login
	return map[string]any{
		"login": login, "id": id, "node_id": fmt.Sprintf("U_%d", id), "avatar_url": web + ".png", "gravatar_id": "",
		"url": api, "html_url": web, "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
		"gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
		"subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
		"type": kind, "site_admin": false,
	}
}

// actor is who pushed: one person is enough for a small GitHub.
func (s *Server) actor() map[string]any { return s.userPayload("mona", 2, "User") }

func (s *Server) organizationPayload(in Installation) map[string]any {
	api := s.cfg.BaseURL + "/orgs/" + in.Account
	return map[string]any{
		"login": in.Account, "id": in.AccountID, "node_id": fmt.Sprintf("O_%d", in.AccountID), "url": api,
		"repos_url": api + "/repos", "events_url": api + "/events", "hooks_url": api + "/hooks", "issues_url": api + "/issues",
		"members_url": api + "/members{/member}", "public_members_url": api + "/public_members{/member}",
		"avatar_url": s.site() + "/" + in.Account + ".png", "description": nil,
	}
}

func (s *Server) appPayload(app int64) map[string]any {
	const since = "2026-01-01T00:00:00Z"
	return map[string]any{
		"id": app, "slug": s.cfg.AppSlug, "name": s.cfg.AppSlug, "node_id": fmt.Sprintf("A_%d", app),
		"owner": s.actor(), "description": nil, "external_url": "https://example.com",
		"html_url":   s.site() + "/apps/" + s.cfg.AppSlug,
		"created_at": since, "updated_at": since, "permissions": s.cfg.Permissions, "events": events(),
		"installations_count": len(s.installations),
	}
}

func (s *Server) repoURL(r *repository) string { return s.cfg.BaseURL + "/repos/" + r.fullName() }

// jobPayload is the form of the API and of webhooks.
func (s *Server) jobPayload(j *job) map[string]any {
	repo := s.repoURL(j.run.repo)
	labels := j.spec.Labels
	if labels == nil {
		labels = []string{} // as a job that names only a group
	}
	out := map[string]any{
		"id": j.id, "run_id": j.run.id, "run_attempt": j.attempt, "node_id": fmt.Sprintf("CR_%d", j.id),
		"run_url": fmt.Sprintf("%s/actions/runs/%d", repo, j.run.id), "url": fmt.Sprintf("%s/actions/jobs/%d", repo, j.id),
		"check_run_url": fmt.Sprintf("%s/check-runs/%d", repo, j.id),
		"html_url":      fmt.Sprintf("%s/%s/actions/runs/%d/job/%d", s.site(), j.run.repo.fullName(), j.run.id, j.id),
		"head_sha":      headSHA, "head_branch": "main", "name": j.spec.Name, "workflow_name": j.run.workflow,
		"status": j.status, "conclusion": nullable(j.conclusion), "created_at": instant(j.created),
		"started_at": instant(j.started), "completed_at": instant(j.completed), "labels": labels, "steps": j.steps(),
		"runner_id": nil, "runner_name": nil, "runner_group_id": nil, "runner_group_name": nil,
	}
	// A job that ended without a runner shows zeros, as GitHub does, not nulls.
	if j.ran.id != 0 || j.status == completed {
		out["runner_id"], out["runner_name"] = j.ran.id, j.ran.name
		out["runner_group_id"], out["runner_group_name"] = j.ran.groupID, j.ran.group
	}
	return out
}

// steps gives the one step that every job has. A job that never ran has none.
func (j *job) steps() []any {
	if j.ran.id == 0 {
		return []any{}
	}
	step := map[string]any{
		"name": "Set up job", "number": 1, "status": inProgress, "conclusion": nil,
		"started_at": instant(j.started), "completed_at": nil,
	}
	if j.status == completed {
		step["status"], step["conclusion"], step["completed_at"] = completed, j.stepConclusion(), instant(j.completed)
	}
	return []any{step}
}

// stepConclusion is one of the three that steps have. Jobs have more.
func (j *job) stepConclusion() string {
	if j.conclusion == success || j.conclusion == cancelled {
		return j.conclusion
	}
	return failure
}

// runPayload is the form of the API and of webhooks.
func (s *Server) runPayload(r *run) map[string]any {
	repo := s.repoURL(r.repo)
	url := fmt.Sprintf("%s/actions/runs/%d", repo, r.id)
	person := map[string]any{"name": "Mona", "email": "mona@example.com"}
	out := map[string]any{
		"id": r.id, "name": r.workflow, "node_id": fmt.Sprintf("WFR_%d", r.id), "check_suite_id": r.id,
		"check_suite_node_id": fmt.Sprintf("CS_%d", r.id), "head_branch": "main", "head_sha": headSHA,
		"path": ".github/workflows/" + r.workflow + ".yml", "display_title": "A change", "run_number": r.number,
		"run_attempt": r.attempt, "event": r.event, "status": r.status, "conclusion": nullable(r.conclusion),
		"workflow_id": workflowID(r), "url": url, "pull_requests": []any{},
		"html_url":   fmt.Sprintf("%s/%s/actions/runs/%d", s.site(), r.repo.fullName(), r.id),
		"created_at": instant(r.created), "updated_at": instant(r.updated), "run_started_at": instant(r.started),
		"actor": s.actor(), "triggering_actor": s.actor(), "referenced_workflows": []any{}, "previous_attempt_url": nil,
		"jobs_url": url + "/jobs", "logs_url": url + "/logs", "artifacts_url": url + "/artifacts",
		"cancel_url": url + "/cancel", "rerun_url": url + "/rerun",
		"check_suite_url": fmt.Sprintf("%s/check-suites/%d", repo, r.id),
		"workflow_url":    fmt.Sprintf("%s/actions/workflows/%d", repo, workflowID(r)),
		"head_commit": map[string]any{
			"id": headSHA, "tree_id": headSHA, "message": "A change", "timestamp": instant(r.created),
			"author": person, "committer": person,
		},
		"repository": r.repo.body, "head_repository": s.headRepository(r),
	}
	if r.attempt > 1 {
		out["previous_attempt_url"] = fmt.Sprintf("%s/attempts/%d", url, r.attempt-1)
	}
	return out
}

// workflowID is the same for all runs of one workflow.
func workflowID(r *run) int64 {
	d := digest(r.repo.fullName() + "/" + r.workflow)
	return int64(d[0])<<16 | int64(d[1])<<8 | int64(d[2]) + 1
}
