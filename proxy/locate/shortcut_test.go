package locate

import "testing"

// A shortcut must let through every spelling that the closer look knows.
func TestMaySayRefresh_LetsEverySpellingThrough(t *testing.T) {
	for _, name := range []string{"Refresh", "X-Renew-Token", "REFRESH_TOKEN", "X-Re%66resh", "Re%2566resh", "X-Refre\u017fh"} {
		if !saysRefresh(lettersOf(name)) || !maySayRefresh(name) {
			t.Errorf("maySayRefresh(%q) = false, want true as saysRefresh", name)
		}
	}
	if maySayRefresh("Content-Type") || maySayRefresh("X-Forwarded-For") {
		t.Error("a usual header may say refresh, want that it does not")
	}
}

func TestFormValue_FindsNamesInEverySpelling(t *testing.T) {
	for _, form := range []string{"a b=1", "a+b=1", "a%20b=1", "x=y&%61+b=1"} {
		if value, ok := formValue([]byte(form), "a b"); !ok || value != "1" {
			t.Errorf("formValue(%q) = %q, %v; want 1", form, value, ok)
		}
	}
}
