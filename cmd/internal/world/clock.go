package world

import "time"

// clock is the manager's.
func (w *World) clock() time.Time {
	at := w.Now()
	if w.cfg.Skew != nil {
		at = at.Add(w.cfg.Skew(at))
	}
	return at
}

// wake asks for a look soon: wake-ups that arrive together are one look.
func (w *World) wake() {
	if soon := w.Now().Add(250 * time.Millisecond); soon.Before(w.lookAt()) {
		w.setLook(soon)
	}
}

func (w *World) lookAt() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look
}

func (w *World) setLook(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look = at
}
