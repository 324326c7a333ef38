package githubsim

import (
	"fmt"
	"net/http"
	"time"
)

// runnerVersion is the newest runner of a GitHub whose Config names none.
const runnerVersion = "2.337.0"

// SetRunners changes the newest version of the runner, and when versions end.
// Without any ends there is no schedule, as on github.com.
func (s *Server) SetRunners(newest string, ends map[string]time.Time) {
	s.do(func() { s.cfg.NewestRunner, s.cfg.RunnerEnds = newest, ends })
}

func (s *Server) downloads(call) reply {
	version := s.cfg.NewestRunner
	out := []any{}
	for _, arch := range []string{"x64", "arm64"} {
		file := "actions-runner-linux-" + arch + "-" + version + ".tar.gz"
		out = append(out, map[string]any{
			"os": "linux", "architecture": arch, "filename": file,
			"download_url":    "https://github.com/actions/runner/releases/download/v" + version + "/" + file,
			"sha256_checksum": fmt.Sprintf("%x", digest(file)),
		})
	}
	return answer(http.StatusOK, out)
}

func (s *Server) runnerEnd(c call) reply {
	if s.cfg.RunnerEnds == nil {
		return notFound()
	}
	version := c.PathValue("version")
	end := instant(s.cfg.RunnerEnds[version])
	return answer(http.StatusOK, map[string]any{
		"runner_version": version, "registration_deprecates_at": end, "runtime_deprecates_at": end,
	})
}
