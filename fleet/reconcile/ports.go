package reconcile

import (
	"context"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// GitHub keeps the registrations of runners. Package github implements it.
// Every method may return a *fleet.LimitedError, or fleet.ErrUnknownOutcome
// when no answer came.
type GitHub interface {
	// Mint registers a just-in-time runner under a name and returns its
	// number and its config, still encoded as GitHub sent it. fleet.ErrTaken
	// when the name exists, which follows a lost reply; fleet.ErrConfig when
	// GitHub refuses the request for good (no such group, no permission).
	Mint(ctx context.Context, m fleet.Mint, name string) (runnerID int64, config string, err error)
	// Remove deletes a registration. nil: GitHub gives it no job any more
	// (204); fleet.ErrAbsent: it is gone (404); fleet.ErrBusy (422).
	Remove(ctx context.Context, s fleet.Scope, runnerID int64) error
	// Runners lists a scope's registrations whose names begin with prefix.
	Runners(ctx context.Context, s fleet.Scope, prefix string) ([]fleet.Runner, error)
}

// Runs is what GitHub knows of workflow runs and their jobs. Package github
// implements it. Every method may return what those of GitHub may.
type Runs interface {
	// Rerun has a run's failed jobs run again. nil, too, if that was done
	// already; fleet.ErrBusy while the run is not over; fleet.ErrConfig when
	// GitHub refuses for good.
	Rerun(ctx context.Context, r fleet.Rerun) error
	// Job asks for a job as it is now; j gives Key, Repo and Class.
	// fleet.ErrAbsent when GitHub has none.
	Job(ctx context.Context, j fleet.Job) (fleet.Job, error)
}

// Accounts is what standing pools need of GitHub. Package github implements it.
type Accounts interface {
	// Scope is where an organisation's runners are registered, under its name of
	// today: by its number, or by its login while that is 0. fleet.ErrAbsent when
	// no App is there, or the account is a person's.
	Scope(ctx context.Context, account fleet.Account) (fleet.Scope, error)
	// Enrolment is a scope's address and a registration token for any runner of
	// it, and until when to use that.
	Enrolment(ctx context.Context, s fleet.Scope) (e fleet.Enrolment, until time.Time, err error)
}

// Installations lists the accounts of every App, an installation each. Package
// github implements it.
type Installations interface {
	Installations(ctx context.Context) ([]fleet.Installation, error)
}

// Homes tells by which of several Apps' installations an account is known, and by
// which name. Package github implements it.
type Homes interface {
	// Home is that installation with the account's login of today, by one that is
	// told, of whichever App, and the account's number, 0 if it is not known; the
	// one that is told, without an owner, if no App is known to be there. It asks
	// seldom. fleet.ErrUnknownOutcome while GitHub did not say.
	Home(ctx context.Context, account, told int64) (fleet.Scope, error)
}

// Deliveries finds webhook deliveries that did not reach us. Package github
// implements it.
type Deliveries interface {
	// Senders are the Apps that send us webhooks, by number, the first App
	// before others.
	Senders() []int64
	// Lost returns the events of an App's deliveries since an instant that have
	// no successful attempt, oldest first, and the instant up to which the list
	// was read whole: the next call's since.
	Lost(ctx context.Context, app int64, since time.Time) (events []fleet.Event, upTo time.Time, err error)
}

// Search is what the search for jobs that no delivery told of needs of GitHub.
// Package github implements it. fleet.ErrAbsent when there is no such
// repository or run, or none that the App may see.
type Search interface {
	// Pushed is one page, from 1, of an installation's repositories in no order
	// of time, a hundred at most, and whether there is a next one.
	Pushed(ctx context.Context, in fleet.Installation, page int) (repos []fleet.Pushed, more bool, err error)
	// Runs lists a repository's runs that are not over.
	Runs(ctx context.Context, of fleet.Repository) ([]fleet.Run, error)
	// Jobs lists the jobs of a run's latest attempt as rows that were found.
	Jobs(ctx context.Context, r fleet.Run) ([]fleet.Job, error)
	// Run asks for one run.
	Run(ctx context.Context, of fleet.Repository, id fleet.RunID) (fleet.Run, error)
}

// Guards is what GitHub allows, as far as the fleet must not rely on luck.
// Package github implements it.
type Guards interface {
	// Open reports whether a scope's runner group, by name, lets public
	// repositories in.
	Open(ctx context.Context, s fleet.Scope, group string) (bool, error)
	// RunnerRelease is the runner that a scope is offered, and the end of a version.
	RunnerRelease(ctx context.Context, s fleet.Scope, version string) (fleet.RunnerRelease, error)
}

// Cloud is where machines come from and go to. Package provision implements it.
type Cloud interface {
	// Launch makes one CreateFleet call with the intent's id as client token
	// and tag. Partial success is normal: both parts of Launched may be set
	// with a nil error. fleet.ErrThrottled, fleet.ErrUnknownOutcome and
	// fleet.ErrConfig are errors of the whole call.
	Launch(ctx context.Context, id fleet.IntentID, l fleet.Launch) (fleet.Launched, error)
	// End terminates machines. What is not ended is returned, each machine with
	// its error: fleet.ErrAbsent for one that EC2 does not know, or not yet,
	// ErrState for one that people protect, ErrThrottled, ErrConfig,
	// ErrUnknownOutcome.
	End(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error
	// Machines lists the fleet's instances by tag, terminated ones too while
	// EC2 shows them: ID, Pool, Intent, EC2Fleet, Template, Offer,
	// LaunchedAt and State are set.
	Machines(ctx context.Context) ([]fleet.Machine, error)
	// Recipes says what each pool would launch now. A pool that cannot
	// launch has a Problem; the others go on.
	Recipes(ctx context.Context) ([]fleet.Recipe, error)
}

// Switch stops and starts standing machines, which is no error if they are
// stopped or started already. Package provision implements it. What is not done
// is returned, each machine with its error: fleet.ErrState while EC2 does
// something else with it, ErrAbsent, ErrThrottled, ErrConfig, ErrUnknownOutcome;
// of Start ErrNoCapacity and ErrQuota too.
type Switch interface {
	Start(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error
	Stop(ctx context.Context, ids []fleet.MachineID) map[fleet.MachineID]error
}

// Sweeper finds and deletes what machines leave behind in EC2. Package
// provision implements it.
type Sweeper interface {
	// Leftovers lists the fleet's instant fleets and launch templates by id,
	// with the time each was made.
	Leftovers(ctx context.Context) (ec2Fleets, templates map[string]time.Time, err error)
	// Sweep deletes them. What is gone already is no error.
	Sweep(ctx context.Context, ec2Fleets, templates []string) error
}

// Faults injects faults into the fleet's own machines. Package
// provision/faults implements it.
type Faults interface {
	// Start starts a drill's experiment, once for good: whatever came of an
	// earlier call, the same drill gives the same experiment. fleet.ErrConfig
	// when it cannot be run as asked; after other errors, call again.
	Start(ctx context.Context, d fleet.Drill) (fleet.Experiment, error)
	// Follow shows an experiment as it is.
	Follow(ctx context.Context, experiment string) (fleet.Experiment, error)
	// Clean deletes what a drill made, by its id. What is gone is no error.
	Clean(ctx context.Context, drill string) error
}

// Plains is where the plain form of a registration token is kept, for pools that
// have one. Package provision/tokens implements it.
type Plains interface {
	// PutPlain stores an enrolment's address and token under a pool's names,
	// over what is there.
	PutPlain(ctx context.Context, names fleet.Plain, e fleet.Enrolment) error
}

// Configs is where runner configs wait for their machines. Package
// provision/tokens implements it.
type Configs interface {
	// Put stores an encoded config for a machine. It never overwrites:
	// fleet.ErrTaken if one is there.
	Put(ctx context.Context, m fleet.MachineID, config string) error
	// Withdraw deletes a machine's config. The delete is the claim: taken is
	// true if nothing was there.
	Withdraw(ctx context.Context, m fleet.MachineID) (taken bool, err error)
	// Stored lists the machines that configs wait for, with the time each
	// was stored.
	Stored(ctx context.Context) (map[fleet.MachineID]time.Time, error)
}
