//go:build !lambda

package wire

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/config"
)

// checkLimit bounds a whole check: it may wait for credentials of a host that
// has none, and for a name that no DNS knows.
const checkLimit = time.Minute

// Findings is what GitHub and AWS say against a fleet file.
type Findings struct {
	Problems config.Problems // by their places in the file
	Unsure   bool            // not everything was answered
	Wrong    bool            // something is not right, whatever else was not answered
}

// storeKey is what to do about a key that cannot be used.
const storeKey = "store the key whole, as GitHub gave it, where the file says"

// Validate asks GitHub and AWS whether what a fleet file names is there, and
// changes nothing. The settings that the file names are read.
func Validate(ctx context.Context, f *config.File) Findings {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	aws, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(f.AWS.Region))
	if err != nil {
		return findings(f, []fleet.Problem{{Key: "aws", Text: "the configuration of AWS cannot be read: " + err.Error(), Remedy: "mend what the environment names"}})
	}
	m := meansOf(f, aws, slog.New(slog.DiscardHandler))
	found := m.unread(ctx)
	if gh, err := m.hub(ctx); err != nil {
		found = append(found, secretProblem(err, storeKey))
	} else {
		found = append(found, inquire(ctx, gh, f)...)
	}
	return findings(f, append(found, m.survey(ctx, f)...))
}

func findings(f *config.File, found []fleet.Problem) Findings {
	return Findings{
		Problems: f.Placed(found),
		Unsure:   slices.ContainsFunc(found, func(p fleet.Problem) bool { return p.Unsure }),
		Wrong:    slices.ContainsFunc(found, func(p fleet.Problem) bool { return !p.Unsure }),
	}
}

// unread tells of webhook secrets, and of the keys of more Apps, that are not
// where the file says.
func (m means) unread(ctx context.Context) (found []fleet.Problem) {
	hear := func(key string, a config.App) {
		if _, err := m.hears(ctx, key, a); err != nil {
			found = append(found, secretProblem(err, "store it there, or name where it is"))
		}
	}
	hear("github.webhook_secrets", m.file.GitHub.App)
	for i, a := range m.file.GitHub.Apps {
		if _, err := m.app(ctx, keyOf(i), a); err != nil {
			found = append(found, secretProblem(err, storeKey))
		}
		hear(secretsOf(i), a)
	}
	return found
}

// secretProblem is about a secret whose key begins its error.
func secretProblem(err error, remedy string) fleet.Problem {
	key, text, _ := strings.Cut(err.Error(), ": ")
	return fleet.Problem{Key: key, Text: text, Remedy: remedy, Unsure: unheard(err)}
}

// Check asks what Validate asks, by the parts of a running manager. Pools that
// could launch nothing that registers have a problem from then on, and the
// others go on. It reports false if something is to be asked again.
func (p *Parts) Check(ctx context.Context) (done bool) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	f := p.read.Load()
	found := append(inquire(ctx, p.hub, f), p.means.survey(ctx, f)...)
	if ctx.Err() != nil {
		return false
	}
	troubles := troublesOf(f, found)
	p.tell(ctx, f, found)
	if before := p.cloud.troubles.Swap(&troubles); before == nil && len(troubles) > 0 || before != nil && !maps.Equal(*before, troubles) {
		p.Wake()
	}
	return settled(found)
}

// tell logs what was not told yet. What was not answered says nothing against the
// file.
func (p *Parts) tell(ctx context.Context, f *config.File, found []fleet.Problem) {
	now := f.Placed(found).Error()
	if now == p.told {
		return
	}
	p.told = now
	for _, x := range found {
		level, what := slog.LevelError, "the fleet file does not fit GitHub or AWS"
		if x.Unsure {
			level, what = slog.LevelWarn, "not everything in the fleet file could be checked"
		}
		p.means.log.Log(ctx, level, what, "problem", f.Placed([]fleet.Problem{x}).Error())
	}
	if len(found) == 0 {
		p.means.log.InfoContext(ctx, "GitHub and AWS have what the fleet file names")
	}
}
