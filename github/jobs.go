package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// Job asks for a job as it is now. It is fleet.ErrAbsent when GitHub has none,
// or shows none to the App.
func (c *Client) Job(ctx context.Context, j fleet.Job) (fleet.Job, error) {
	k := call{
		op:           fmt.Sprintf("read job %d of %q", j.Key.ID, j.Repo),
		installation: j.Class.Scope.Installation,
		means:        map[int]error{http.StatusNotFound: fleet.ErrAbsent},
	}
	owner, repo, _ := strings.Cut(j.Repo, "/")
	if err := checkName(repo); err != nil {
		return fleet.Job{}, k.wrap(err)
	}
	api, err := c.scoped(fleet.Scope{Installation: k.installation, Owner: owner, Repo: repo})
	if err != nil {
		return fleet.Job{}, k.wrap(err)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	answer, _, err := api.Actions.GetWorkflowJobByID(ctx, owner, repo, int64(j.Key.ID))
	if err != nil {
		return fleet.Job{}, c.fail(ctx, k, err)
	}
	if answer.GetID() != int64(j.Key.ID) {
		return fleet.Job{}, k.unanswered("answer is about no such job")
	}
	now, err := jobFrom(answer, j)
	if err != nil {
		return fleet.Job{}, k.wrap(err)
	}
	return now, nil
}
