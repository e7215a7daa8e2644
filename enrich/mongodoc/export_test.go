package mongodoc

import "go.mongodb.org/mongo-driver/v2/mongo/options"

// WithDefaults shows what is visible on the wire only with a replica set.
var WithDefaults = withDefaults

// Through returns o for a network that a test makes.
func (o Options) Through(dialer options.ContextDialer) Options {
	o.dialer = dialer
	return o
}
