package fleet

import "cmp"

// Scope is where runners are registered and jobs are queued: an organisation,
// or one repository of a person's account, which has no organisation scope.
type Scope struct {
	Installation int64  // of the GitHub App on the account
	Owner        string // login of the organisation or person
	Repo         string // name without owner; empty at organisation scope
}

// String is the scope as GitHub's paths write it: owner or owner/repo.
func (s Scope) String() string {
	if s.Repo == "" {
		return s.Owner
	}
	return s.Owner + "/" + s.Repo
}

// Compare orders scopes by name, then installation.
func (s Scope) Compare(t Scope) int {
	return cmp.Or(cmp.Compare(s.Owner, t.Owner), cmp.Compare(s.Repo, t.Repo),
		cmp.Compare(s.Installation, t.Installation))
}

// Installation is the App on an account, as GitHub lists it.
type Installation struct {
	ID        int64
	Account   string // login, as of now
	AccountID int64  // stays when the account is renamed
	Suspended bool   // by the account or by the App's owner: nothing may be asked
	Person    bool   // the account is a person's, whose repositories have runners each
}

// Class is what demand is counted by: jobs of one class are alike to the
// fleet, because GitHub may give any of them to any runner that fits.
type Class struct {
	Scope  Scope
	Labels Labels
}

// String names the class in logs and setbacks: acme[arm64,linux].
func (c Class) String() string { return c.Scope.String() + "[" + string(c.Labels) + "]" }

// Compare orders classes by scope, then labels.
func (c Class) Compare(d Class) int {
	return cmp.Or(c.Scope.Compare(d.Scope), cmp.Compare(c.Labels, d.Labels))
}
