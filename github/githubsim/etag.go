package githubsim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
)

// conditional gives what a read of an installation's answers an ETag, and answers 304 to whoever has it already: that is
// free of the primary limit, though not of the secondary one.
func (s *Server) conditional(r route, c call, limits http.Header, out *reply) {
	body, ok := out.body.(json.RawMessage)
	if !ok || c.in == nil || c.Method != http.MethodGet || out.status != http.StatusOK {
		return
	}
	tag := fmt.Sprintf("W/\"%x\"", sha256.Sum256(append([]byte(out.header.Get("Link")), body...)))
	if out.header == nil {
		out.header = http.Header{}
	}
	out.header.Set("ETag", tag)
	if c.Header.Get("If-None-Match") != tag {
		return
	}
	// A 304 has no link: GitHub leaves it out.
	*out = reply{status: http.StatusNotModified, header: http.Header{"Etag": {tag}}}
	s.unchanged[r.op]++
	if r.resource != "" {
		primary, limit := s.primary(c.in, r.resource)
		primary.used--
		describe(limits, r.resource, *primary, limit)
	}
}

// Unchanged counts the calls so far that were answered with 304, by operation; see Calls.
func (s *Server) Unchanged() map[string]int {
	out := map[string]int{}
	s.do(func() {
		for op, n := range s.unchanged {
			out[op] = n
		}
	})
	return out
}
