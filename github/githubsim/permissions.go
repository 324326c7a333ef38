package githubsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

// granted is what a Config without permissions grants the App.
func granted() map[string]string {
	return map[string]string{
		"actions": "write", "administration": "write", "metadata": "read", "organization_self_hosted_runners": "write",
	}
}

// narrowed is what a token is to allow: all that the installation granted, or what the request names of it.
func (in *installation) narrowed(body []byte) (map[string]string, bool) {
	var q struct{ Permissions map[string]string }
	if len(body) > 0 && json.Unmarshal(body, &q) != nil {
		return nil, false
	}
	if q.Permissions == nil {
		return maps.Clone(in.Permissions), true
	}
	for name, level := range q.Permissions {
		if !allows(in.Permissions, name, level) {
			return nil, false
		}
	}
	q.Permissions["metadata"] = "read" // every token has it
	return q.Permissions, true
}

func allows(has map[string]string, name, level string) bool {
	return has[name] == "write" || has[name] == level && level != ""
}

// needs is the permission that an installation's call takes, by GitHub's table; no name: none.
func (r route) needs() (name, level string) {
	method, path, _ := strings.Cut(r.pattern, " ")
	level = "write"
	if method == http.MethodGet {
		level = "read"
	}
	switch {
	case strings.HasPrefix(path, "/orgs/{org}/actions/runner"):
		return "organization_self_hosted_runners", level
	case strings.Contains(path, "/actions/runner"):
		return "administration", level
	case strings.Contains(path, "/actions/"):
		return "actions", level
	case strings.HasPrefix(path, "/repos/"):
		return "metadata", level
	}
	return "", ""
}

// permitted refuses a token that does not allow the call.
func (r route) permitted(has map[string]string) (reply, bool) {
	name, level := r.needs()
	if name == "" || allows(has, name, level) {
		return reply{}, true
	}
	out := refuse(http.StatusForbidden, "Resource not accessible by integration")
	out.header = http.Header{"X-Accepted-Github-Permissions": {name + "=" + level}}
	return out, false
}
