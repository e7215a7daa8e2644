package functions

import (
	"time"

	"github.com/dop251/goja"
)

// installIntl runs js/intl.js.
func (c *call) installIntl() error {
	f, err := c.builtin(intlProgram)
	if err != nil {
		return err
	}
	_, err = f(nil, c.vm.ToValue(c.zoneOffset))
	return err
}

// zoneOffset returns the offset of a time zone from UTC in minutes, at a time.
func (c *call) zoneOffset(zone string, ms int64) goja.Value {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		c.throw("the time zone is unknown, or this system has no data about time zones; UTC is always known")
	}
	_, seconds := time.UnixMilli(ms).In(location).Zone()
	return c.vm.ToValue(seconds / 60)
}
