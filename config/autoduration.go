package config

import (
	"errors"
	"reflect"
	"time"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// An AutoDuration is a duration, zero or more. A negative one is auto: the sidecar
// decides.
type AutoDuration time.Duration

// UnmarshalText parses auto, or a duration that is not negative.
func (d *AutoDuration) UnmarshalText(text []byte) error {
	if string(text) == string(Auto) {
		*d = -1
		return nil
	}
	duration, err := time.ParseDuration(string(text))
	if err != nil || duration < 0 {
		return errors.New("must be auto, or a duration like 5s that is not negative")
	}
	*d = AutoDuration(duration)
	return nil
}

var _ = yamlbind.Describe[AutoDuration](yamlbind.Scalar{
	Want:    "auto or a duration",
	Schemas: append([]yamlbind.Schema{{"enum": []string{string(Auto)}}}, durationSchemas()...),
})

func durationSchemas() []yamlbind.Schema {
	duration, _ := yamlbind.ScalarOf(reflect.TypeFor[time.Duration]())
	return duration.Schemas
}

// IsAuto reports whether the sidecar decides.
func (d AutoDuration) IsAuto() bool { return d < 0 }

// Or returns the duration, or the other one if it is auto.
func (d AutoDuration) Or(auto time.Duration) time.Duration {
	if d.IsAuto() {
		return auto
	}
	return time.Duration(d)
}

// String returns the duration, or auto.
func (d AutoDuration) String() string {
	if d.IsAuto() {
		return string(Auto)
	}
	return time.Duration(d).String()
}
