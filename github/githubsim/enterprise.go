package githubsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// serverPath is where a GitHub Enterprise Server has its API.
const serverPath = "/api/v3"

// rateLimit answers 404 where limits are off.
const rateLimit = "rate-limit"

// below is a GitHub Enterprise Server's API where that is: what is above it are pages for people. Simulations
// have no pages, but what tests ask for.
func below(api http.Handler) http.Handler {
	rest := http.StripPrefix(serverPath, api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, serverPath+"/"):
			rest.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/_sim/"):
			api.ServeHTTP(w, r)
		default:
			http.Error(w, "<!DOCTYPE html><title>Page not found</title>", http.StatusNotFound)
		}
	})
}

// has reports whether this GitHub has an operation.
func (s *Server) has(op string) bool {
	if s.cfg.Enterprise != "" && (op == "runner-end" || op == rateLimit) {
		return false
	}
	return !slices.Contains(s.cfg.Missing, op)
}

// site is the address for people and runners, without a slash at the end.
func (s *Server) site() string {
	u, err := url.Parse(s.cfg.BaseURL)
	if err != nil || s.cfg.Enterprise == "" {
		return "https://github.com"
	}
	return u.Scheme + "://" + u.Host
}

// signature is what a server's answers and deliveries carry besides.
func (s *Server) signature() map[string]string {
	if s.cfg.Enterprise == "" {
		return nil
	}
	_, host, _ := strings.Cut(s.site(), "://")
	return map[string]string{"X-GitHub-Enterprise-Version": s.cfg.Enterprise, "X-GitHub-Enterprise-Host": host}
}
