package lambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/runfleet/runfleet/cmd/internal/wire"
)

// renewEvery is how old a fleet file may be before it is asked for again.
const renewEvery = time.Minute

// parts is what a function made of the fleet file, made anew when the file says
// something else.
type parts[T any] struct {
	read  func(context.Context) (wire.FleetFile, error)
	build func(context.Context, wire.FleetFile) (T, error)
	now   func() time.Time
	log   *slog.Logger

	made       T
	generation string
	readAt     time.Time
}

// open reads the file and makes the parts, for the first time.
func (p *parts[T]) open(ctx context.Context) error {
	p.readAt = p.now()
	f, err := p.read(ctx)
	if err != nil {
		return err
	}
	made, err := p.build(ctx, f)
	if err != nil {
		return err
	}
	p.made, p.generation = made, f.Generation
	return nil
}

// get is the parts as of a minute ago at most, or the last ones that could be
// made.
func (p *parts[T]) get(ctx context.Context) T {
	if p.now().Sub(p.readAt) >= renewEvery {
		p.renew(ctx)
	}
	return p.made
}

// renew reads the file again, and reports whether the parts are others now.
func (p *parts[T]) renew(ctx context.Context) bool {
	p.readAt = p.now()
	f, err := p.read(ctx)
	if err == nil && f.Generation == p.generation {
		return false
	}
	var made T
	if err == nil {
		made, err = p.build(ctx, f)
	}
	if err != nil {
		p.log.ErrorContext(ctx, "fleet file refused, the old one stays", "error", err)
		return false
	}
	p.log.InfoContext(ctx, "fleet file read again", "generation", f.Generation, "before", p.generation)
	p.made, p.generation = made, f.Generation
	return true
}
