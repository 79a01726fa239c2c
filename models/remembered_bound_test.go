package models

import (
	"fmt"
	"testing"
)

func TestWhatIsRememberedIsOfOneVersionAndBounded(t *testing.T) {
	t.Parallel()
	var r remembered[int]
	for i := range 2*mostRemembered + 1 {
		r.keep("1", fmt.Sprint(i), i)
		if got, ok := r.at("1", fmt.Sprint(i)); !ok || got != i {
			t.Fatalf("got %d, %v; want %d just kept", got, ok, i)
		}
		if len(r.rows) > mostRemembered {
			t.Fatalf("keeps %d rows, want %d at most", len(r.rows), mostRemembered)
		}
	}
	r.keep("2", "new", 1)
	r.keep("1", "late", 2) // read before the change, kept after it
	for _, name := range []string{"0", "late"} {
		if _, ok := r.at("2", name); ok {
			t.Errorf("%s is of the second version, want nothing that was read before it", name)
		}
	}
}
