package dynamodb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/runfleet/runfleet/fleet"
	"github.com/runfleet/runfleet/fleet/ledger"
)

// version is the form of the table's rows.
const version = 1

// Config says which ledger to open.
type Config struct {
	API   API    // NewClient makes one
	Table string // that MakeTable or a deployment made
	Fleet string // name of the fleet that owns it
	ID    string // of a new ledger; random if empty
	Must  bool   // it must be founded already: fs.ErrNotExist if it is not, and nothing is written
	Now   func() time.Time
	// Pause waits before a call is repeated, for a second at most, and returns
	// the context's error if that ends first. It waits in real time if nil.
	Pause func(ctx context.Context, d time.Duration) error
	Log   *slog.Logger // silent if nil
}

// Store is an open ledger. It is safe for concurrent use, by many processes.
type Store struct {
	api   API
	table string
	id    string
	fleet string
	now   func() time.Time
	pause func(context.Context, time.Duration) error
	log   *slog.Logger

	lock sync.Mutex           // guards rows
	rows map[fleet.JobKey]row // jobs as last read or written; a stale one fails on its stamp
}

// owner is the body of the fleet's row.
type owner struct {
	Fleet   string `json:"fleet"`
	Ledger  string `json:"ledger"`
	Version int    `json:"version"`
}

// Open opens a ledger, and founds it in an empty table. ledger.ErrOwned if it is
// another fleet's, ledger.ErrNewer if a newer program wrote it.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		api: c.API, table: c.Table, fleet: c.Fleet, now: c.Now, pause: c.Pause, log: c.Log,
		rows: map[fleet.JobKey]row{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.pause == nil {
		s.pause = wait
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.claim(ctx, c); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", c.Table, err)
	}
	return s, nil
}

// ID is the ledger's random id.
func (s *Store) ID() string { return s.id }

// claim reads whose the table is, and writes it into an empty one.
func (s *Store) claim(ctx context.Context, c Config) error {
	found, err := s.fetch(ctx, []key{fleetKey})
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		return fmt.Errorf("there is no such table; a deployment makes it, and tells its name as the output Table: %w: %w", fs.ErrNotExist, err)
	}
	if err != nil {
		return err
	}
	it, ok := found[fleetKey]
	if !ok && c.Must {
		return fmt.Errorf("the table is empty; the functions make the ledger when they first begin: %w", fs.ErrNotExist)
	}
	if !ok {
		if it, err = s.found(ctx, c.ID); err != nil {
			return err
		}
	}
	var o owner
	if err := it.decode(&o); err != nil {
		return err
	}
	switch {
	case o.Version > version:
		return fmt.Errorf("%w: it has form %d, this program knows %d; run the newer program", ledger.ErrNewer, o.Version, version)
	case o.Fleet != s.fleet:
		return fmt.Errorf("%w: it is fleet %q's, the fleet file names %q; name another table", ledger.ErrOwned, o.Fleet, s.fleet)
	}
	s.id = o.Ledger
	return nil
}

// found writes the fleet's row. If another process was faster, it is theirs.
func (s *Store) found(ctx context.Context, id string) (item, error) {
	if id == "" {
		var b [8]byte
		_, _ = rand.Read(b[:]) // it never fails
		id = hex.EncodeToString(b[:])
	}
	it, err := newItem(fleetKey, owner{Fleet: s.fleet, Ledger: id, Version: version})
	if err != nil {
		return it, err
	}
	it.number = 1
	failed, err := s.transact(ctx, token(), []write{put(it).only(when{absent: s.now()})})
	if len(failed) > 0 {
		it = failed[0].is
	}
	return it, err
}
