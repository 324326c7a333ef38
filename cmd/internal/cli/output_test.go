package cli

import (
	"context"
	"errors"
	"testing"
)

// gone is a reader that went away.
type gone struct{}

var errGone = errors.New("broken pipe")

func (gone) Write([]byte) (int, error) { return 0, errGone }

func TestAVerbWhoseReaderWentAwayIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := &output{Writer: gone{}, stop: stop}
	if _, err := o.Write([]byte("line")); err != errGone || o.err != errGone || ctx.Err() == nil {
		t.Errorf("%v, kept %v, the verb goes on: %v", err, o.err, ctx.Err() == nil)
	}
}

func TestAnAnswerThatDidNotArriveIsAFailure(t *testing.T) {
	if code := Main(t.Context(), []string{"version"}, gone{}, gone{}); code != ExitFailed {
		t.Errorf("exit %d", code)
	}
}
