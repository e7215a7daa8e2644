package cli_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

func TestSchema_PrintsTheSchemaOfTheConfiguration(t *testing.T) {
	if got, want := output(t, "schema"), string(config.Schema()); got != want {
		t.Errorf("tokengraft schema = %s\nwant:\n%s", got, want)
	}
}
