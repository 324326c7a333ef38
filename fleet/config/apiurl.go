package config

import (
	"net/netip"
	"net/url"
	"strings"
)

// Where GitHub's REST API is: at api.github.com; at api.SUBDOMAIN.ghe.com for
// GitHub Enterprise Cloud with data residency; below serverPath of its own host
// for GitHub Enterprise Server.
const (
	publicHost = "api.github.com"
	residency  = ".ghe.com"
	serverPath = "/api/v3"
)

// Server reports whether GitHub is an Enterprise Server, which releases, limits
// and ends things by itself.
func (g GitHub) Server() bool { return strings.HasSuffix(g.APIURL, serverPath) }

// apiURL is the address of a GitHub's REST API. On this host it may be any: there
// are simulations.
type apiURL struct{}

func (apiURL) read(c cursor, v *string) {
	s, ok := c.text()
	if !ok {
		return
	}
	wrong, remedy := text{}.wrong(s)
	if wrong == "" {
		wrong, remedy = wrongAPI(s)
	}
	if wrong != "" {
		c.problem(wrong, remedy)
		return
	}
	*v = s
}

func (apiURL) schema() map[string]any { return text{}.schema() }
func (apiURL) show(v string) any      { return text{}.show(v) }

// wrongURL allows plain HTTP on this host only: App tokens travel by it.
func wrongURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#") {
		return "must be a URL such as " + DefaultAPIURL
	}
	if u.Scheme == "https" || u.Scheme == "http" && local(u) {
		return ""
	}
	return "must begin with https://"
}

// local reports whether a URL's host is this one.
func local(u *url.URL) bool {
	address, _ := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || address.IsLoopback()
}

// wrongAPI says why an address is that of no API, and what to write.
func wrongAPI(s string) (wrong, remedy string) {
	u, err := url.Parse(s)
	if wrong := wrongURL(s); wrong != "" || err != nil || local(u) {
		return wrong, ""
	}
	host, path := strings.ToLower(u.Hostname()), strings.TrimRight(u.EscapedPath(), "/")
	switch {
	case host == "github.com", host == "www.github.com":
		return "is GitHub's site, not its API", "write " + DefaultAPIURL
	case host == publicHost && path != "":
		return "has a path", "write " + DefaultAPIURL
	case host == publicHost:
		return "", ""
	case strings.HasSuffix("."+host, residency):
		return wrongResidency(host, path)
	case path != serverPath:
		return "must end in " + serverPath + ", where the API of a GitHub Enterprise Server is", "write https://" + u.Host + serverPath
	}
	return "", ""
}

// wrongResidency is wrongAPI for a host of ghe.com.
func wrongResidency(host, path string) (wrong, remedy string) {
	labels := strings.Split(strings.TrimSuffix("."+host, residency), ".")
	switch sub := labels[len(labels)-1]; {
	case sub == "" || sub == "api":
		return "names no enterprise", "write https://api.SUBDOMAIN" + residency
	case host != "api."+sub+residency:
		return "is an enterprise's site, not its API", "write https://api." + sub + residency
	case path != "":
		return "has a path", "write https://" + host
	}
	return "", ""
}
