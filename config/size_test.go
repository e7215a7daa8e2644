package config_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestSize_IsAWholeNumberOfBytes(t *testing.T) {
	for text, want := range map[string]config.Size{
		"0": 0, "512": 512, "512B": 512, "1KB": 1000, "1kB": 1000, "1MB": 1e6, "2GB": 2e9,
		"16KiB": 16 << 10, "64 MiB": 64 << 20, "1GiB": 1 << 30,
		"9223372036854775807": 1<<63 - 1,
	} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("UnmarshalText(%q) = %d, %v; want %d", text, int64(got), err, int64(want))
		}
	}
	for _, text := range []string{
		"", " ", "-1", "+1", "1.5MiB", "1e3", "KiB", "1 K", "1mib", "0x10", "1_000", "1KiBKiB",
		"9223372036854775808", "9007199254740993KiB",
	} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) = %d, want an error", text, int64(got))
		}
	}
}

func FuzzSize_ReadsWhatItWrites(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(16 << 10))
	f.Add(int64(1<<63 - 1))
	f.Fuzz(func(t *testing.T, n int64) {
		if n < 0 {
			t.Skip("sizes are not negative")
		}
		var got config.Size
		text := config.Size(n).String()
		if err := got.UnmarshalText([]byte(text)); err != nil || int64(got) != n {
			t.Errorf("Size(%d).String() = %q, which parses as %d, %v; want the same size", n, text, int64(got), err)
		}
	})
}
