// Package webhooks owns the way in for GitHub's deliveries: it checks who
// sent them, takes the dozen fields that matter, and records them as events.
//
// # Decisions
//
// Nothing of a body is parsed before its signature is known to be right, and
// what is cheap to refuse is refused before the body is read.
//
// A delivery is recorded before it is answered, or it is refused with 503:
// GitHub then lists it as failed, and the read-back of deliveries finds it.
// There is no queue in between that a crash could empty.
//
// The JSON is walked by a scanner of our own, because encoding/json takes
// about as long for a payload as all the rest of a request together, seven
// times what the scanner takes. Fuzzing holds the scanner to the verdicts and
// values of encoding/json, except that keys match only in their exact case.
package webhooks

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/runfleet/runfleet/fleet"
)

// Recorder remembers events. Any error of it makes GitHub keep the delivery.
type Recorder interface {
	// Record applies events durably; fresh[i] is false for one that changed
	// nothing. It returns an error at once when it cannot take more.
	Record(ctx context.Context, events ...fleet.Event) (fresh []bool, err error)
}

// Handler serves POST /webhook. Fill the fields, then call Check; a Handler
// must not be copied or changed once it serves.
type Handler struct {
	Secrets     [][]byte         // one, or two while rotating
	AppID       int64            // deliveries of another App are refused
	Others      []*Handler       // of more Apps, each with its own secrets and ledger
	Ledger      Recorder         // where events go
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: silent
	Wake        func()           // called after an event that changed something; may be nil
	Doubt       func(int64)      // called with an installation that was suspended, deleted, renamed or the like; may be nil
	MaxInFlight int64            // bytes of bodies held at one time; 0: 64 MB
	Patience    time.Duration    // how long a body may take; 0: 10 s, when GitHub gives up

	inFlight atomic.Int64 // bytes
	bodies   sync.Pool    // of *body
	macs     [2]sync.Pool // of hash.Hash, keyed with the secret of the same index
	seen     [outcomes]tally
}

// Check refuses a Handler that could not tell a delivery from a forgery, or
// not remember it.
func (h *Handler) Check() error {
	switch {
	case len(h.Secrets) == 0:
		return errors.New("webhooks: no secret")
	case len(h.Secrets) > len(h.macs):
		return errors.New("webhooks: more than two secrets")
	case h.AppID <= 0:
		return errors.New("webhooks: no App id")
	case h.Ledger == nil:
		return errors.New("webhooks: no ledger")
	case h.MaxInFlight < 0 || h.Patience < 0:
		return errors.New("webhooks: a limit is negative")
	}
	for _, secret := range h.Secrets {
		if len(secret) == 0 {
			return errors.New("webhooks: a secret is empty")
		}
	}
	for _, other := range h.Others {
		if err := other.Check(); err != nil {
			return err
		}
	}
	return nil
}

// of is the handler of the App that a delivery says it is of. Who lies is asked
// for a secret that it does not have.
func (h *Handler) of(header http.Header) *Handler {
	id := header.Get("X-GitHub-Hook-Installation-Target-ID")
	for _, other := range h.Others {
		if id == strconv.FormatInt(other.AppID, 10) {
			return other
		}
	}
	return h
}

// ServeHTTP answers one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if other := h.of(r.Header); other != h {
		other.ServeHTTP(w, r)
		return
	}
	outcome, err := h.receive(w, r)
	h.note(r, outcome, err)
	a := &answers[outcome]
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	switch a.code {
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "5")
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	}
	text := a.name + "\n"
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(a.code)
	_, _ = w.Write([]byte(text)) // whoever hung up needs no answer
}

// receive is the checks in their order. The error says more than the outcome,
// for the log.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (Outcome, error) {
	if r.URL.Path != "/webhook" {
		return Elsewhere, nil
	}
	if r.Method != http.MethodPost {
		return NotPost, nil
	}
	b := h.body()
	defer h.drop(b)
	if !h.hold(b, firstRead(r.ContentLength)) {
		return Full, nil
	}
	if r.ContentLength > maxBody {
		return TooLarge, nil
	}
	form, ok := encoding(r.Header.Get("Content-Type"))
	if !ok {
		return WrongType, nil
	}
	sum, ok := signature(r.Header["X-Hub-Signature-256"])
	if !ok {
		return Unsigned, nil
	}
	if outcome, err := h.read(w, r, b); err != nil {
		return outcome, err
	}
	if !h.signed(b.text, sum) {
		return Unsigned, nil
	}
	return h.accept(r, b.text, form)
}

// accept deals with a delivery that is known to be signed by us.
func (h *Handler) accept(r *http.Request, text []byte, form bool) (Outcome, error) {
	if err := h.foreign(r.Header); err != nil {
		return Foreign, err
	}
	event := r.Header.Get("X-GitHub-Event")
	switch event {
	case "workflow_job", "installation", "installation_target", "organization":
	case "ping":
		return Ping, nil
	case "":
		return Malformed, errors.New("X-GitHub-Event is missing")
	default:
		return Ignored, nil
	}
	if form {
		var err error
		if text, err = payloadField(text); err != nil {
			return Malformed, err
		}
	}
	if event != "workflow_job" {
		return h.told(event, text)
	}
	e, known, err := Decode("workflow_job", r.Header.Get("X-GitHub-Delivery"), text, h.now())
	switch {
	case err != nil:
		return Malformed, err
	case !known:
		return Ignored, nil
	}
	fresh, err := h.Ledger.Record(r.Context(), e)
	if err != nil {
		return Unrecorded, err
	}
	if h.Wake != nil && (len(fresh) == 0 || fresh[0]) {
		h.Wake()
	}
	return Recorded, nil
}

// foreign refuses deliveries of an App that is not ours. Both headers are not
// part of what is signed, so this finds mistakes, not attacks.
func (h *Handler) foreign(header http.Header) error {
	id := header.Get("X-GitHub-Hook-Installation-Target-ID")
	if header.Get("X-GitHub-Hook-Installation-Target-Type") != "integration" || id == "" {
		return nil
	}
	if n, err := strconv.ParseInt(id, 10, 64); err != nil || n != h.AppID {
		return errors.New("the delivery is of another App")
	}
	return nil
}

func (h *Handler) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}
