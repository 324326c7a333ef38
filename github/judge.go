package github

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fleet"
)

// right is a permission that the fleet needs, as GitHub's settings name it.
type right struct {
	permission
	words  string
	lost   string // what does not work without it
	person bool   // it is for persons' accounts
	org    bool   // it is for organisations
	stops  bool
}

var (
	runners = right{permission{"organization_self_hosted_runners", "write"}, "organisation: self-hosted runners, read and write", "no runner can be registered", false, true, true}
	rights  = []right{
		runners,
		{permission{"administration", "write"}, "repository: administration, read and write", "no runner can be registered", true, false, true},
		{permission{"actions", "read"}, "repository: actions, read and write", "no job can be asked for", true, true, false},
		{permission{"actions", "write"}, "repository: actions, read and write", "nothing that Spot interrupts runs again", true, true, false},
	}
)

// grants reports whether permissions hold one; those that nobody told are
// believed to.
func grants(has map[string]string, r right) bool {
	return has == nil || has[r.name] == "write" || has[r.name] == r.level
}

// of reports whether the right is for an account of this kind.
func (r right) of(person bool) bool { return person && r.person || !person && r.org }

// served are the accounts that installed the App and are served.
func (s shown) served(accounts []fleet.Account) (all []grant) {
	for _, g := range s.grants {
		if len(accounts) == 0 || slices.ContainsFunc(accounts, g.is) {
			all = append(all, g)
		}
	}
	return all
}

// is reports whether an account of the fleet file is this one: by its number,
// or by its login if it has none there.
func (g grant) is(a fleet.Account) bool {
	return a.ID == g.AccountID && a.ID != 0 || a.ID == 0 && strings.EqualFold(a.Login, g.Account)
}

// judge says what is wrong with accounts and pools by what GitHub showed.
func judge(accounts []fleet.Account, pools []fleet.Pool, s shown) []fleet.Problem {
	if s.refused != nil {
		return []fleet.Problem{judgeKey(s)}
	}
	all := judgeApp(accounts, s)
	if s.unlisted != nil {
		return append(all, unanswered("github.app_id", s.unlisted))
	}
	all = append(all, judgeAccounts(accounts, s)...)
	for _, g := range s.served(accounts) {
		all = append(all, judgeGrant(accounts, g, s)...)
	}
	for _, p := range pools {
		all = append(all, judgeSeat(accounts, p, s)...)
		all = append(all, judgeGroup(accounts, p, s)...)
	}
	return all
}

// unanswered is a question that GitHub did not answer.
func unanswered(key string, err error) fleet.Problem {
	return fleet.Problem{Key: key, Text: "GitHub was not asked: " + err.Error(), Remedy: "ask again", Unsure: true}
}

// judgeKey reads GitHub's refusal of a signature.
func judgeKey(s shown) fleet.Problem {
	var no *unsigned
	if !errors.As(s.refused, &no) {
		p := unanswered("github.private_key", s.refused)
		p.Remedy += "; if that does not help, see that github.api_url is right, and answers from here"
		return p
	}
	p := fleet.Problem{
		Key: "github.private_key", Text: fmt.Sprintf("GitHub does not know the key as one of App %d: %v", s.app, no),
		Remedy: "generate one on the App's page at GitHub, and compare github.app_id with the page", Stops: true,
	}
	switch {
	case strings.Contains(no.text, "'iss'"), strings.Contains(no.text, "ntegration"), no.status == 404:
		p.Key, p.Text = "github.app_id", fmt.Sprintf("GitHub has no App %d: %v", s.app, no)
		p.Remedy = "take the App ID from the App's page; github.api_url must be of the GitHub that has it"
	case strings.Contains(no.text, "'iat'"), strings.Contains(no.text, "'exp'"):
		p.Text = fmt.Sprintf("GitHub does not take this host's time: %v", no)
		p.Remedy = "set the host's clock"
	}
	return p
}

// judgeApp says what the App itself lacks.
func judgeApp(accounts []fleet.Account, s shown) (all []fleet.Problem) {
	if s.events != nil && !slices.Contains(s.events, jobEvent) {
		all = append(all, fleet.Problem{
			Key: "github.webhook_secrets", Text: fmt.Sprintf("App %d is not sent %s, so jobs are not heard of", s.app, jobEvent),
			Remedy: "subscribe it to Workflow job on its page at GitHub, Permissions & events",
		})
	}
	for _, r := range rights {
		// Which kinds of accounts there are is known only with their list.
		needed := slices.ContainsFunc(s.served(accounts), func(g grant) bool { return r.of(g.Person) })
		if needed && !grants(s.permissions, r) && !doubled(s.permissions, r) {
			all = append(all, fleet.Problem{
				Key: "github.app_id", Text: fmt.Sprintf("App %d has no permission %s, so %s", s.app, r.words, r.lost),
				Remedy: "give it on the App's page at GitHub, and have each account accept it", Stops: r.stops && whole(accounts, s, r),
			})
		}
	}
	return all
}

// doubled reports whether a lack was told by the right before: who may not read
// may not write.
func doubled(has map[string]string, r right) bool {
	return r.level == "write" && r.name == "actions" && has["actions"] == ""
}

// whole reports whether every served account needs the right.
func whole(accounts []fleet.Account, s shown, r right) bool {
	return !slices.ContainsFunc(s.served(accounts), func(g grant) bool { return !r.of(g.Person) })
}

// judgeAccounts says which accounts of the file cannot be served.
func judgeAccounts(accounts []fleet.Account, s shown) (all []fleet.Problem) {
	open := slices.ContainsFunc(s.served(accounts), func(g grant) bool { return !g.Suspended })
	if len(accounts) == 0 && len(s.grants) == 0 {
		return []fleet.Problem{{
			Key: "github.app_id", Text: fmt.Sprintf("no account installed App %d", s.app),
			Remedy: "install it on the accounts whose jobs are to run", Stops: true,
		}}
	}
	for i, a := range accounts {
		wrong := fleet.Problem{Key: fmt.Sprintf("github.allow[%d]", i), Stops: !open}
		at := slices.IndexFunc(s.grants, func(g grant) bool { return g.is(a) })
		other := slices.IndexFunc(s.grants, func(g grant) bool { return strings.EqualFold(g.Account, a.Login) })
		switch {
		case at >= 0 && s.grants[at].Suspended:
			wrong.Text = fmt.Sprintf("the installation on %s is suspended", a.Login)
			wrong.Remedy = "an owner lifts it at " + s.grants[at].page
		case at >= 0:
			continue
		case other >= 0:
			wrong.Text = fmt.Sprintf("%s has the id %d at GitHub, not %d", a.Login, s.grants[other].AccountID, a.ID)
			wrong.Remedy = "see that it is the account you mean, and write its id"
		default:
			wrong.Text = fmt.Sprintf("App %d is not installed on %s", s.app, a.Login)
			wrong.Remedy = "an owner installs it there, or take the account out"
		}
		all = append(all, wrong)
	}
	return all
}

// judgeGrant says what an account has not granted although the App asks for it.
func judgeGrant(accounts []fleet.Account, g grant, s shown) (all []fleet.Problem) {
	key := "github.allow"
	if i := slices.IndexFunc(accounts, g.is); i >= 0 {
		key = fmt.Sprintf("github.allow[%d]", i)
	}
	for _, r := range rights {
		if !r.of(g.Person) || grants(g.permissions, r) || doubled(g.permissions, r) || !grants(s.permissions, r) {
			continue
		}
		all = append(all, fleet.Problem{
			Key: key, Text: fmt.Sprintf("%s has not granted the permission %s, so %s for it", g.Account, r.words, r.lost),
			Remedy: "an owner accepts it at " + g.page, Stops: r.stops && !slices.ContainsFunc(s.served(accounts), grant.registers),
		})
	}
	return all
}

// registers reports whether runners can be registered for an account.
func (g grant) registers() bool {
	return !slices.ContainsFunc(rights, func(r right) bool { return r.stops && r.of(g.Person) && !grants(g.permissions, r) })
}

// seat is the account that a standing pool stands for, with its number if the
// fleet file has it.
func seat(accounts []fleet.Account, p fleet.Pool) fleet.Account {
	i := slices.IndexFunc(accounts, func(a fleet.Account) bool { return strings.EqualFold(a.Login, p.Account) })
	if i < 0 {
		return fleet.Account{Login: p.Account}
	}
	return accounts[i]
}

// judgeSeat says why a standing pool has no place at GitHub.
func judgeSeat(accounts []fleet.Account, p fleet.Pool, s shown) []fleet.Problem {
	if !p.Stands() {
		return nil
	}
	at := slices.IndexFunc(s.grants, func(g grant) bool { return g.is(seat(accounts, p)) })
	wrong := fleet.Problem{Pool: p.Name, Key: "account", Stops: true}
	switch {
	case at < 0:
		wrong.Text = fmt.Sprintf("App %d is not installed on %s", s.app, p.Account)
		wrong.Remedy = "an owner installs it there, or name another account"
	case s.grants[at].Person:
		wrong.Text = fmt.Sprintf("%s is a person's account, and has runners for each repository only", p.Account)
		wrong.Remedy = "name an organisation"
	default:
		return nil
	}
	return []fleet.Problem{wrong}
}

// judgeGroup says where a pool's runner group is not there. Where it is nowhere,
// no machine of the pool can register.
func judgeGroup(accounts []fleet.Account, p fleet.Pool, s shown) (all []fleet.Problem) {
	if !named(p) {
		return nil
	}
	found := false
	for _, g := range s.served(accounts) {
		login := strings.ToLower(g.Account)
		names, asked := s.groups[login]
		switch {
		case p.Stands() && !g.is(seat(accounts, p)):
		case s.ungrouped[login] != nil:
			found = true // as far as is known
			lost := unanswered("group", s.ungrouped[login])
			lost.Pool = p.Name
			all = append(all, lost)
		case asked && slices.Contains(names, p.Group):
			found = true
		case asked:
			all = append(all, fleet.Problem{
				Pool: p.Name, Key: "group", Text: fmt.Sprintf("%s has no runner group %q", g.Account, p.Group),
				Remedy: fmt.Sprintf("make it there, or name one that is there: %s", strings.Join(names, ", ")),
			})
		}
	}
	for i := range all {
		all[i].Stops = !found && !all[i].Unsure
	}
	return all
}
