package webhooks

import "errors"

// told deals with a delivery about an installation. It is taken for a word that
// something changed, never for what is so now: GitHub is asked for that, since
// deliveries come late, twice, out of order or not at all.
func (h *Handler) told(event string, text []byte) (Outcome, error) {
	p, syntax, wrong := parse(text)
	switch {
	case syntax != nil:
		return Malformed, syntax
	case event == "organization" && p.action != "renamed":
		return Ignored, nil
	case wrong != nil:
		return Malformed, wrong
	case p.installation <= 0:
		return Malformed, errors.New("the installation's id is missing")
	}
	if h.Doubt != nil {
		h.Doubt(p.installation)
	}
	if h.Wake != nil {
		h.Wake()
	}
	return Told, nil
}
