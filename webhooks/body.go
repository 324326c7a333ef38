package webhooks

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Limits of bodies, in bytes.
const (
	maxBody  = 25 << 20 // GitHub sends no event that is larger
	inFlight = 64 << 20 // held at one time, if MaxInFlight does not say otherwise
	step     = 64 << 10 // the first that a body may claim: more than any usual one
)

var errFull = errors.New("too many bytes in flight")

// body is the bytes of one delivery, and the share of the limit that it holds.
type body struct {
	text []byte
	held int64
}

// firstRead is what a body of the declared length may claim at first. It gets
// more only as its bytes come, so that a sender of headers holds little.
func firstRead(length int64) int64 {
	if length < 0 || length > step {
		return step
	}
	return length
}

func (h *Handler) body() *body {
	if b, ok := h.bodies.Get().(*body); ok {
		return b
	}
	return new(body)
}

// drop gives back what a body holds. Large buffers are left to the collector.
func (h *Handler) drop(b *body) {
	h.inFlight.Add(-b.held)
	b.held = 0
	if cap(b.text) <= step {
		b.text = b.text[:0]
		h.bodies.Put(b)
	}
}

// hold claims size bytes in all for a body, unless that is over the limit.
func (h *Handler) hold(b *body, size int64) bool {
	more := size - b.held
	if h.inFlight.Add(more) > cmp.Or(h.MaxInFlight, inFlight) {
		h.inFlight.Add(-more)
		return false
	}
	b.held = size
	return true
}

// read reads a whole body. The outcome counts only beside an error.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, b *body) (Outcome, error) {
	// Sockets judge by the machine's clock, so this is not h.now. A writer
	// without deadlines is one of a test, or has limits of its own.
	patience := cmp.Or(h.Patience, 10*time.Second)
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience))
	err := h.fill(b, http.MaxBytesReader(w, r.Body, maxBody), r.ContentLength)
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errFull):
		return Full, err
	case errors.As(err, &large):
		return TooLarge, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Slow, err
	}
	return Broken, err
}

// fill reads up to the declared length, or to the end if none is declared.
func (h *Handler) fill(b *body, from io.Reader, length int64) error {
	b.text = grown(b.text[:0], b.held)
	for int64(len(b.text)) != length {
		if int64(len(b.text)) == b.held {
			size := min(2*b.held, maxBody+1) // one more, to see that it is too large
			if length >= 0 {
				size = min(size, length)
			}
			if !h.hold(b, size) {
				return errFull
			}
			b.text = grown(b.text, size)
		}
		n, err := from.Read(b.text[len(b.text):b.held])
		b.text = b.text[:len(b.text)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if length >= 0 && int64(len(b.text)) != length {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// grown is the text with room for size bytes in all.
func grown(text []byte, size int64) []byte {
	if int64(cap(text)) >= size {
		return text
	}
	larger := make([]byte, len(text), size)
	copy(larger, text)
	return larger
}

// encoding reads a Content-Type: JSON, or a form that holds JSON, as a hook
// may be configured.
func encoding(contentType string) (form, ok bool) {
	if contentType == "application/json" { // what GitHub sends
		return false, true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	form = kind == "application/x-www-form-urlencoded"
	return form, err == nil && (form || kind == "application/json")
}

// payloadField is the JSON of a form. The error says nothing of the form.
func payloadField(form []byte) ([]byte, error) {
	values, err := url.ParseQuery(string(form))
	if err != nil || len(values["payload"]) != 1 {
		return nil, errors.New("the form has no one payload")
	}
	return []byte(values.Get("payload")), nil
}
