package proxy

import (
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// appraisals are what the last tokens were, so that one which a page repeats, or which a
// client sends with every request, is verified once.
type appraisals struct {
	mu    sync.Mutex
	known map[appraised]enrich.Appraisal
	since time.Time // the start of the second in which spent tokens were verified
	spent int
}

type appraised struct {
	token tokenHash
	kind  enrich.Kind
}

// of returns what a token is. It is TokenForeign for a token beyond the limit. It verifies one
// token at a time: several messages with the same token may be searched at the same time, and then
// it is verified once.
func (s *appraisals) of(a appraiser, f locate.Occurrence) enrich.Appraisal {
	key := appraised{hashOf(f.Token), f.Location.Kind()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[key]; ok {
		return known
	}
	if !s.mayVerify() {
		return enrich.TokenForeign
	}
	appraisal := a.Appraise(f.Token, key.kind)
	if appraisal != enrich.TokenUndecided {
		s.remember(key, appraisal)
	}
	return appraisal
}

// mayVerify reports whether another token may be verified in this second.
func (s *appraisals) mayVerify() bool {
	if now := time.Now(); now.Sub(s.since) >= time.Second {
		s.since, s.spent = now, 0
	}
	s.spent++
	return s.spent <= maxAppraised
}

func (s *appraisals) remember(key appraised, a enrich.Appraisal) {
	if s.known == nil || len(s.known) >= maxRemembered {
		s.known = map[appraised]enrich.Appraisal{}
	}
	s.known[key] = a
}
