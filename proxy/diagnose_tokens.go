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

// of returns what a token is. It is TokenForeign for a token beyond the limit.
func (s *appraisals) of(a appraiser, f locate.Occurrence) enrich.Appraisal {
	key := appraised{hashOf(f.Token), f.Location.Kind()}
	if known, ok := s.recall(key); ok {
		return known
	}
	appraisal := a.Appraise(f.Token, key.kind)
	if appraisal != enrich.TokenUndecided {
		s.remember(key, appraisal)
	}
	return appraisal
}

// recall returns what is known of a token. If it is not known and may be verified, ok is
// false.
func (s *appraisals) recall(key appraised) (known enrich.Appraisal, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[key]; ok {
		return known, true
	}
	if now := time.Now(); now.Sub(s.since) >= time.Second {
		s.since, s.spent = now, 0
	}
	if s.spent >= maxAppraised {
		return enrich.TokenForeign, true
	}
	s.spent++
	return 0, false
}

func (s *appraisals) remember(key appraised, a enrich.Appraisal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxRemembered {
		s.known = map[appraised]enrich.Appraisal{}
	}
	s.known[key] = a
}
