package reconcile

import (
	"reflect"
	"testing"
)

// A port that does many things is several: each has a caller and a double of
// its own.
func TestPortsHaveFourMethodsAtMost(t *testing.T) {
	ports := 0
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Reconciler]()) {
		if f.Type.Kind() != reflect.Interface {
			continue
		}
		if ports++; f.Type.NumMethod() > 4 {
			t.Errorf("%s has %d methods", f.Type, f.Type.NumMethod())
		}
	}
	if ports < 5 {
		t.Errorf("%d ports were found", ports)
	}
}
