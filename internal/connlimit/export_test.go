package connlimit

// Peers returns how many client addresses the pool knows.
func (p *Pool) Peers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.peers.known)
}
