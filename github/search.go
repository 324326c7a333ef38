package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v57/github"

	"github.com/runfleet/runfleet/fleet"
)

// Runs lists a repository's runs that are not over: those that wait first, then
// those of which a job runs, each newest first. It takes two requests, and one
// more for each hundred runs. fleet.ErrAbsent when there is no such repository,
// or none that the App may see.
func (c *Client) Runs(ctx context.Context, of fleet.Repository) ([]fleet.Run, error) {
	k := c.repoCall(fmt.Sprintf("list runs of %q", of.Name), of)
	api, err := c.repository(of)
	if err != nil {
		return nil, k.wrap(err)
	}
	owner, repo, _ := strings.Cut(of.Name, "/")
	var runs []fleet.Run
	seen := map[fleet.RunID]bool{}
	// GitHub takes one status a call. A run of which one job runs and another
	// waits is in progress.
	for _, status := range []string{"queued", "in_progress"} {
		err := pages(k, func(page github.ListOptions) (*github.Response, error) {
			ctx, cancel := bounded(ctx)
			defer cancel()
			opts := &github.ListWorkflowRunsOptions{Status: status, ListOptions: page}
			list, resp, err := api.Actions.ListRepositoryWorkflowRuns(ctx, owner, repo, opts)
			if err != nil {
				return nil, c.fail(ctx, k, err)
			}
			for _, w := range list.WorkflowRuns {
				if r := runFrom(w, of); r.ID != 0 && !seen[r.ID] {
					seen[r.ID] = true
					runs = append(runs, r)
				}
			}
			return resp, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// Run asks for one run: whether it comes from a fork, above all. Its errors are
// those of Runs.
func (c *Client) Run(ctx context.Context, of fleet.Repository, id fleet.RunID) (fleet.Run, error) {
	k := c.repoCall(fmt.Sprintf("read run %d of %q", id, of.Name), of)
	api, err := c.repository(of)
	if err != nil {
		return fleet.Run{}, k.wrap(err)
	}
	owner, repo, _ := strings.Cut(of.Name, "/")
	ctx, cancel := bounded(ctx)
	defer cancel()
	w, _, err := api.Actions.GetWorkflowRunByID(ctx, owner, repo, int64(id))
	if err != nil {
		return fleet.Run{}, c.fail(ctx, k, err)
	}
	if w.GetID() != int64(id) {
		return fleet.Run{}, k.unanswered("answer is about no such run")
	}
	return runFrom(w, of), nil
}

// Jobs lists the jobs of a run's latest attempt, as rows of jobs that nobody
// told of. It takes a request for each hundred.
func (c *Client) Jobs(ctx context.Context, r fleet.Run) ([]fleet.Job, error) {
	k := c.repoCall(fmt.Sprintf("list jobs of run %d of %q", r.ID, r.Name), r.Repository)
	api, err := c.repository(r.Repository)
	if err != nil {
		return nil, k.wrap(err)
	}
	owner, repo, _ := strings.Cut(r.Name, "/")
	known := fleet.Job{
		Run: r.ID, Class: fleet.Class{Scope: r.Scope}, OwnerID: r.OwnerID, Repo: r.Name, Public: r.Public, Origin: r.Origin, Found: true,
	}
	var jobs []fleet.Job
	err = pages(k, func(page github.ListOptions) (*github.Response, error) {
		ctx, cancel := bounded(ctx)
		defer cancel()
		opts := &github.ListWorkflowJobsOptions{Filter: "latest", ListOptions: page}
		list, resp, err := api.Actions.ListWorkflowJobs(ctx, owner, repo, int64(r.ID), opts)
		if err != nil {
			return nil, c.fail(ctx, k, err)
		}
		for _, w := range list.Jobs {
			known.Key.ID = fleet.JobID(w.GetID())
			j, err := jobFrom(w, known)
			if err != nil || j.Key.ID == 0 || j.Key.Attempt == 0 {
				continue // GitHub adds words without notice, and one must not hide the others
			}
			j.Name, j.Workflow = clean(j.Name), clean(j.Workflow)
			jobs = append(jobs, j)
		}
		return resp, nil
	})
	return jobs, err
}

// repoCall is a call about a repository, which may be gone.
func (c *Client) repoCall(op string, of fleet.Repository) call {
	return call{op: op, installation: of.Scope.Installation, means: map[int]error{http.StatusNotFound: fleet.ErrAbsent}}
}

// repository is the client for a repository's runs, whose name is fit for a path.
func (c *Client) repository(of fleet.Repository) (*github.Client, error) {
	owner, repo, _ := strings.Cut(of.Name, "/")
	if err := checkName(repo); err != nil {
		return nil, err
	}
	return c.scoped(fleet.Scope{Installation: of.Scope.Installation, Owner: owner, Repo: repo})
}

// runFrom is a run as GitHub shows it. Who owns its repository, and whether that
// is public, is GitHub's word of today; where it does not say, the repository is
// taken for public, and the code for a fork's: those are the careful cases.
func runFrom(w *github.WorkflowRun, of fleet.Repository) fleet.Run {
	r := fleet.Run{ID: fleet.RunID(w.GetID()), Repository: of, Public: true, Origin: fleet.Fork}
	at := w.GetRepository()
	if id := at.GetOwner().GetID(); id != 0 {
		r.OwnerID = id
	}
	if at != nil && at.Private != nil {
		r.Public = !at.GetPrivate()
	}
	if id := w.GetHeadRepository().GetID(); id != 0 && id == at.GetID() {
		r.Origin = fleet.Own
	}
	return r
}
