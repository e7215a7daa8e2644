package adminapi

import "context"

type peerKey struct{}

// WithPeer returns a context with the peer of a request. The listener sets it before any
// handler runs.
func WithPeer(ctx context.Context, p Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// PeerOf returns the peer of a request. Without one it may do nothing.
func PeerOf(ctx context.Context) Peer {
	p, _ := ctx.Value(peerKey{}).(Peer)
	return p
}
