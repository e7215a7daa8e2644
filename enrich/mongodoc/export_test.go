package mongodoc

import "go.mongodb.org/mongo-driver/v2/mongo/options"

// FirstBatch is firstBatch.
func FirstBatch(reply []byte) ([][]byte, error) { return firstBatch(reply) }

// WithDefaults is withDefaults. Its effects are visible on the wire only with a replica set.
var WithDefaults = withDefaults

// Through returns o with a dialer of a test.
func (o Options) Through(dialer options.ContextDialer) Options {
	o.dialer = dialer
	return o
}

// ReadAhead returns a dialer whose connections read ahead.
func ReadAhead(dialer options.ContextDialer) options.ContextDialer { return bufferedDialer{dialer} }
