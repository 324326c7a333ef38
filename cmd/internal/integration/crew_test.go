package integration_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runfleet/runfleet/github/githubsim"
	"github.com/runfleet/runfleet/provision/awsproxy"
)

// crew plays the machines of a site whose manager calls AWS through a proxy:
// each takes its config, get then delete, has its job and powers off. It works
// step by step, on the test's goroutine.
type crew struct {
	*site
	wire   *proxy
	agents *ssm.Client       // through the proxy, so that their calls are counted
	stored chan string       // machines whose config was put
	works  map[string]string // machines that are connected, by their runners
	booted map[string]bool   // machines that had their config: they want no other
}

// newCrew has a site's programs call AWS through a proxy.
func (s *site) newCrew(seed uint64) *crew {
	s.t.Helper()
	wire := newProxy(s.t, moto(s.t), seed)
	for i, v := range s.env {
		if strings.HasPrefix(v, "AWS_ENDPOINT_URL=") {
			s.env[i] = "AWS_ENDPOINT_URL=" + wire.url
		}
	}
	cfg := s.aws.config
	cfg.BaseEndpoint = aws.String(wire.url)
	return &crew{site: s, wire: wire, agents: ssm.NewFromConfig(cfg), stored: make(chan string, 10_000), works: map[string]string{}, booted: map[string]bool{}}
}

// saw hears of a call that AWS has done: a config may wait for its machine.
func (c *crew) saw(call awsproxy.Call) {
	if call.Operation != "PutParameter" {
		return
	}
	var put struct{ Name string }
	if json.Unmarshal(call.Body, &put) != nil {
		return
	}
	if id, ok := strings.CutPrefix(put.Name, c.path("")); ok {
		c.stored <- id
	}
}

// step boots the machines whose configs came, and powers off those whose runners
// are gone from GitHub. It returns GitHub's jobs.
func (c *crew) step() []githubsim.Outcome {
	c.t.Helper()
	for len(c.stored) > 0 {
		c.boots(<-c.stored)
	}
	all, listed := c.hub.outcomes(), map[string]bool{}
	for _, r := range c.hub.runners() {
		listed[r.Name] = true
	}
	var over []string
	for name, id := range c.works {
		if !listed[name] { // its job is over, or somebody removed it
			delete(c.works, name)
			over = append(over, id)
		}
	}
	if len(over) > 0 {
		c.aws.powerOff(over...)
	}
	return all
}

// boots is a machine that takes its config and starts its runner. Without a
// config it waits on; without a registration it powers off.
func (c *crew) boots(id string) {
	c.t.Helper()
	if c.booted[id] {
		return
	}
	config, ok := c.takes(id)
	if !ok {
		return
	}
	c.booted[id] = true
	name := runnerIn(c.t, config)
	if c.hub.connects(base64.StdEncoding.EncodeToString([]byte(config))) {
		c.works[name] = id
		return
	}
	c.aws.powerOff(id)
}

// takes is false where there is no config, or its manager withdrew it.
func (c *crew) takes(id string) (config string, ok bool) {
	c.t.Helper()
	got, err := c.agents.GetParameter(c.t.Context(), &ssm.GetParameterInput{Name: aws.String(c.path(id)), WithDecryption: aws.Bool(true)})
	if err == nil {
		_, err = c.agents.DeleteParameter(c.t.Context(), &ssm.DeleteParameterInput{Name: aws.String(c.path(id))})
	}
	var absent *ssmtypes.ParameterNotFound
	switch {
	case errors.As(err, &absent):
		return "", false
	case err != nil:
		c.t.Fatal(err)
	}
	return aws.ToString(got.Parameter.Value), true
}

// runnerIn is the name of the registration in a decoded config.
func runnerIn(t *testing.T, config string) string {
	t.Helper()
	var files map[string][]byte // encoding/json decodes the inner base64
	var runner struct{ AgentName string }
	if err := errors.Join(json.Unmarshal([]byte(config), &files), json.Unmarshal(files[".runner"], &runner)); err != nil {
		t.Fatalf("config: %v", err)
	}
	return runner.AgentName
}

// connects is a runner that starts. It is false where GitHub does not know it.
func (h *hub) connects(config string) bool {
	h.t.Helper()
	body, err := json.Marshal(map[string]string{"Config": config})
	if err != nil {
		h.t.Fatal(err)
	}
	status, answer := h.call(http.MethodPost, "/_sim/connect", body)
	if status != http.StatusOK && status != http.StatusUnprocessableEntity {
		h.t.Fatalf("connect: %d %s", status, answer)
	}
	return status == http.StatusOK
}

// call calls the hub as the App.
func (h *hub) call(method, path string, body []byte) (int, []byte) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token())
	return send(h.t, r)
}

// redeliver asks GitHub once for each delivery that failed to send it again, as
// those do who follow its advice on failed deliveries. It counts them.
func (h *hub) redeliver(asked map[int64]bool) (n int) {
	h.t.Helper()
	for path := "/app/hook/deliveries?status=failure&per_page=100"; path != ""; {
		var list []struct{ ID int64 }
		path = h.page(path, &list) // the newest first
		if len(list) > 0 && asked[list[len(list)-1].ID] {
			path = ""
		}
		for _, d := range list {
			if asked[d.ID] {
				continue
			}
			asked[d.ID] = true
			n++
			if status, answer := h.call(http.MethodPost, fmt.Sprintf("/app/hook/deliveries/%d/attempts", d.ID), nil); status != http.StatusAccepted {
				h.t.Fatalf("redeliver %d: %d %s", d.ID, status, answer)
			}
		}
	}
	return n
}

// page reads one page of a list, and gives the path of the next one.
func (h *hub) page(path string, into any) (next string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.token())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	if link := resp.Header.Get("Link"); strings.Contains(link, `rel="next"`) {
		next, _, _ = strings.Cut(strings.TrimPrefix(link, "<"+h.url), ">")
	}
	return next
}
