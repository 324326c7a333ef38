package githubsim

import (
	"encoding/json"
	"net/http"
)

// serveAdmin adds what a GitHub that runs as its own process needs: jobs to queue, runners to look at, agents to
// connect, and a webhook to point somewhere. It asks for no credentials, so it belongs on loopback.
func (s *Server) serveAdmin() {
	s.mux.HandleFunc("GET /_sim/jobs", func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, s.Outcomes()) })
	s.mux.HandleFunc("GET /_sim/runners", func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, s.Runners()) })
	s.mux.HandleFunc("GET /_sim/calls", func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, s.Calls()) })
	s.mux.HandleFunc("POST /_sim/jobs", admin(func(spec JobSpec) (any, error) { return s.Queue(spec) }))
	s.mux.HandleFunc("POST /_sim/connect", admin(func(q struct{ Config string }) (any, error) { return s.Connect(q.Config) }))
	s.mux.HandleFunc("POST /_sim/register", admin(func(q struct {
		Token string
		Registration
	}) (any, error) {
		return s.Register(q.Token, q.Registration)
	}))
	s.mux.HandleFunc("POST /_sim/listen", admin(func(q struct{ Runner RunnerID }) (any, error) { return q.Runner, s.Listen(q.Runner) }))
	s.mux.HandleFunc("POST /_sim/shutdown", admin(func(q struct{ Runner RunnerID }) (any, error) {
		s.Shutdown(q.Runner)
		return q.Runner, nil
	}))
	s.mux.HandleFunc("PUT /_sim/webhook", admin(func(q struct{ URL, Secret string }) (any, error) {
		s.SetWebhook(q.URL, q.Secret)
		s.Ping()
		return q.URL, nil
	}))
}

// SetWebhook points the App's webhook somewhere else. An empty secret leaves deliveries unsigned.
func (s *Server) SetWebhook(url, secret string) {
	s.do(func() { s.cfg.WebhookURL, s.cfg.WebhookSecret = url, secret })
}

// admin decodes one request and shows what f makes of it.
func admin[Q any](f func(Q) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		body.DisallowUnknownFields()
		if err := body.Decode(&q); err != nil {
			show(w, http.StatusBadRequest, err.Error())
			return
		}
		out, err := f(q)
		if err != nil {
			show(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		show(w, http.StatusOK, out)
	}
}

func show(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
