package githubsim

import (
	"fmt"
	"strings"
)

// urlsOf are the address fields that every form of a repository has, each with its path below the repository.
var urlsOf = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
	"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
	"comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
	"contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
	"downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks",
	"git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"hooks_url": "/hooks", "issue_comment_url": "/issues/comments{/number}",
	"issue_events_url": "/issues/events{/number}", "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}",
	"labels_url": "/labels{/name}", "languages_url": "/languages", "merges_url": "/merges",
	"milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers",
	"statuses_url": "/statuses/{sha}", "subscribers_url": "/subscribers", "subscription_url": "/subscription",
	"tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}", "url": "",
}

// minimalRepository is the form inside a run. A fork may belong to an account that is unknown here.
func (s *Server) minimalRepository(fullName string, id int64, fork bool) map[string]any {
	owner, name, _ := strings.Cut(fullName, "/")
	out := map[string]any{
		"id": id, "node_id": fmt.Sprintf("R_%d", id), "name": name, "full_name": fullName, "private": false,
		"owner": s.userPayload(owner, 1, "User"), "fork": fork, "description": nil, "html_url": s.site() + "/" + fullName,
	}
	for field, path := range urlsOf {
		out[field] = s.cfg.BaseURL + "/repos/" + fullName + path
	}
	return out
}

// repositoryPayload is the form of the API and of webhooks: the latter has a few fields less, and takes more.
func (s *Server) repositoryPayload(r *repository) map[string]any {
	full := r.fullName()
	out := s.minimalRepository(full, r.ID, r.Fork)
	web, since := strings.TrimPrefix(s.site(), "https://")+"/"+full, instant(r.in.created)
	out["owner"], out["private"], out["archived"], out["visibility"] = r.in.owner, r.Private, r.Archived, "public"
	if r.Private {
		out["visibility"] = "private"
	}
	out["clone_url"], out["git_url"], out["ssh_url"] = "https://"+web+".git", "git://"+web+".git", "git@github.com:"+full+".git"
	out["svn_url"], out["mirror_url"], out["homepage"] = "https://"+web, nil, nil
	out["default_branch"], out["language"], out["license"] = "main", nil, nil
	out["created_at"], out["updated_at"], out["pushed_at"] = since, since, since
	for _, count := range []string{
		"forks", "forks_count", "open_issues", "open_issues_count", "watchers", "watchers_count", "stargazers_count",
		"network_count", "subscribers_count", "size",
	} {
		out[count] = 0
	}
	for _, flag := range []string{
		"has_issues", "has_projects", "has_downloads", "has_wiki", "has_pages", "has_discussions", "disabled",
		"is_template", "allow_forking", "web_commit_signoff_required",
	} {
		out[flag] = strings.HasPrefix(flag, "has_")
	}
	out["topics"], out["custom_properties"] = []string{}, map[string]any{}
	return out
}

// headRepository is where the commit of a run comes from: a fork, or the repository itself.
func (s *Server) headRepository(r *run) map[string]any {
	if r.fork != "" {
		return s.minimalRepository(r.fork, 900_000+int64(r.id)%100_000, true)
	}
	return s.minimalRepository(r.repo.fullName(), r.repo.ID, r.repo.Fork)
}

// visibility is the form of a group's access list.
func visibility(g *Group) string {
	if len(g.Repositories) > 0 {
		return "selected"
	}
	return "all"
}

func (s *Server) groupPayload(in *installation, g *Group) map[string]any {
	url := fmt.Sprintf("%s/orgs/%s/actions/runner-groups/%d", s.cfg.BaseURL, in.Account, g.ID)
	out := map[string]any{
		"id": g.ID, "name": g.Name, "visibility": visibility(g), "default": g.ID == 1, "runners_url": url + "/runners",
		"hosted_runners_url": url + "/hosted-runners", "inherited": false, "allows_public_repositories": !g.NoPublic,
		"restricted_to_workflows": false, "selected_workflows": []string{}, "workflow_restrictions_read_only": false,
	}
	if len(g.Repositories) > 0 {
		out["selected_repositories_url"] = url + "/repositories"
	}
	return out
}

func runnerPayload(r *runner) map[string]any {
	labels := []any{}
	for i, name := range r.labels {
		labels = append(labels, map[string]any{"id": i + 1, "name": name, "type": "custom"})
	}
	out := map[string]any{
		"id": r.id, "runner_group_id": r.group.ID, "name": r.name, "os": "unknown", "status": "offline",
		"busy": r.job != nil, "labels": labels, "ephemeral": r.ephemeral, "version": nil,
	}
	if r.seen {
		out["os"], out["version"] = "linux", runnerVersion
	}
	if r.online {
		out["status"] = "online"
	}
	return out
}

func (s *Server) installationPayload(in *installation) map[string]any {
	since := instant(in.created)
	out := map[string]any{
		"id": in.ID, "account": in.owner, "repository_selection": "all", "app_id": in.App, "app_slug": s.cfg.AppSlug,
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.cfg.BaseURL, in.ID),
		"repositories_url":  s.cfg.BaseURL + "/installation/repositories",
		"html_url":          fmt.Sprintf("%s/organizations/%s/settings/installations/%d", s.site(), in.Account, in.ID),
		"target_id":         in.AccountID, "target_type": accountType(in.Installation), "permissions": in.Permissions,
		"events": events(), "created_at": since, "updated_at": since,
		"single_file_name": nil, "suspended_by": nil, "suspended_at": nil,
	}
	if in.Suspended {
		out["suspended_at"] = instant(s.cfg.Now())
	}
	return out
}
