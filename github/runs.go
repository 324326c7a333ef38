package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// Rerun has a run's failed jobs run again, one attempt further than the job of
// r had. It is nil if that attempt is there already: a reply was lost, or a
// person was faster. fleet.ErrBusy while the run is not over, fleet.ErrConfig
// when GitHub refuses for good: the App may not, the run is too old, or had its
// fifty re-runs.
func (c *Client) Rerun(ctx context.Context, r fleet.Rerun) error {
	k := call{op: fmt.Sprintf("re-run failed jobs of run %d of %q", r.Run, r.Repo), installation: r.Scope.Installation}
	owner, repo, _ := strings.Cut(r.Repo, "/")
	if err := checkName(repo); err != nil {
		return k.wrap(err)
	}
	api, err := c.scoped(fleet.Scope{Installation: k.installation, Owner: owner, Repo: repo})
	if err != nil {
		return k.wrap(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	run, _, err := api.Actions.GetWorkflowRunByID(ctx, owner, repo, int64(r.Run))
	if err != nil {
		return c.fail(ctx, k, err)
	}
	switch {
	case run.GetID() != int64(r.Run):
		return k.unanswered("answer is about no such run")
	case run.GetRunAttempt() > r.Job.Attempt:
		return nil
	case run.GetStatus() != "completed":
		return k.wrap(fmt.Errorf("%w: the run is %s", fleet.ErrBusy, clean(run.GetStatus())))
	}
	resp, err := api.Actions.RerunFailedJobsByID(ctx, owner, repo, int64(r.Run))
	if err != nil {
		return c.notRerun(ctx, k, err)
	}
	if resp.StatusCode != http.StatusCreated {
		return k.unanswered(fmt.Sprintf("answer is %d, not 201", resp.StatusCode))
	}
	return nil
}

// notRerun tells a run that began again just now from one that GitHub will not
// re-run: both are 403.
func (c *Client) notRerun(ctx context.Context, k call, err error) error {
	var answer *github.ErrorResponse
	if errors.As(err, &answer) && strings.Contains(answer.Message, "already running") {
		k.means = map[int]error{http.StatusForbidden: fleet.ErrBusy}
	}
	return c.fail(ctx, k, err)
}
