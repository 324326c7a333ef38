package config

import (
	"strings"
	"testing"
)

func TestAnAPIsAddressIsToldFromASites(t *testing.T) {
	const form, server = "must be a URL such as https://api.github.com", "must end in /api/v3, where the API of a GitHub Enterprise Server is; write "
	for _, tt := range []struct{ name, url, want string }{
		{"GitHub's own", "https://api.github.com", ""},
		{"with a slash at its end", "https://api.github.com/", ""},
		{"in capitals", "https://API.GitHub.com", ""},
		{"an Enterprise Server's", "https://github.example.com/api/v3", ""},
		{"with a port and a slash", "https://github.example.com:8443/api/v3/", ""},
		{"of a server whose name begins like an API's", "https://api.example.com/api/v3", ""},
		{"an enterprise's with data residency", "https://api.acme.ghe.com", ""},
		{"a simulation's", "http://127.0.0.1:8090", ""},
		{"a simulated server's", "http://localhost:8090/api/v3", ""},
		{"a simulation's by IPv6", "http://[::1]:8090", ""},

		{"GitHub's site", "https://github.com", "is GitHub's site, not its API; write https://api.github.com"},
		{"an organisation's page", "https://www.github.com/acme", "is GitHub's site, not its API; write https://api.github.com"},
		{"GitHub's own, as if it were a server", "https://api.github.com/api/v3", "has a path; write https://api.github.com"},
		{"GraphQL's", "https://api.github.com/graphql", "has a path; write https://api.github.com"},
		{"a server's site", "https://github.example.com", server + "https://github.example.com/api/v3"},
		{"a server's, with a port", "https://github.example.com:8443/", server + "https://github.example.com:8443/api/v3"},
		{"a server's GraphQL", "https://github.example.com/api/graphql", server + "https://github.example.com/api/v3"},
		{"a server's API, but another version", "https://github.example.com/api/v4", server + "https://github.example.com/api/v3"},
		{"a server's by another way of writing", "https://github.example.com/api%2Fv3", server + "https://github.example.com/api/v3"},
		{"a server's, as if it were GitHub's", "https://api.github.example.com", server + "https://api.github.example.com/api/v3"},
		{"an enterprise's site", "https://acme.ghe.com", "is an enterprise's site, not its API; write https://api.acme.ghe.com"},
		{"an enterprise's, as if it were a server", "https://acme.ghe.com/api/v3", "is an enterprise's site, not its API; write https://api.acme.ghe.com"},
		{"an enterprise's with a path", "https://api.acme.ghe.com/api/v3", "has a path; write https://api.acme.ghe.com"},
		{"another host of an enterprise", "https://uploads.acme.ghe.com", "is an enterprise's site, not its API; write https://api.acme.ghe.com"},
		{"no enterprise's", "https://ghe.com", "names no enterprise; write https://api.SUBDOMAIN.ghe.com"},
		{"the API of none", "https://api.ghe.com", "names no enterprise; write https://api.SUBDOMAIN.ghe.com"},
		{"a host that only ends alike", "https://notghe.com", server + "https://notghe.com/api/v3"},
		{"in clear", "http://api.github.com", "must begin with https://"},
		{"in clear, a server's", "http://github.example.com/api/v3", "must begin with https://"},
		{"of another protocol, on this host", "ftp://127.0.0.1/", "must begin with https://"},
		{"with a password", "https://me:hunter2@api.github.com", form},
		{"with a query", "https://api.github.com?a=b", form},
		{"with an empty query", "https://api.github.com?", form},
		{"with a fragment", "https://api.github.com#a", form},
		{"without a scheme", "api.github.com", form},
		{"without a host", "https://", form},
		{"only a port", "https://:443", form},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrong, remedy := wrongAPI(tt.url)
			if got := strings.TrimSuffix(wrong+"; "+remedy, "; "); got != tt.want {
				t.Errorf("%s: %q, want %q", tt.url, got, tt.want)
			}
		})
	}
}

func TestAnEnterpriseServerEndsNoRunnersByGitHubsDates(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.github.com": "2.300.0", "https://api.acme.ghe.com": "2.300.0", "https://github.example.com/api/v3/": "",
	} {
		text := "fleet: a\ngithub: {app_id: 1, private_key: 'env:K', webhook_secrets: ['env:S'], api_url: '" + url + "'}\n" +
			"aws: {region: us-east-1, subnets: [subnet-a], security_groups: [sg-a], instance_profile: p}\n" +
			"machine: {runner: {version: 2.300.0}}\npools: [{name: a, labels: [self-hosted], arch: arm64, max: 1, prepared: true}]\n"
		f, err := Parse("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Fleet().Runner; got != want {
			t.Errorf("%s: runner %q is guarded, want %q", url, got, want)
		}
	}
}
