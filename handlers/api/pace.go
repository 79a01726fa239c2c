package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"quartermaster/models"
)

// burst is how many times its rate a key may use in one moment.
const burst = 10

// pace bounds how fast one key may call.
type pace struct {
	rate float64
	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

// mostPaced bounds how many keys are remembered; when there are more, all begin
// anew.
const mostPaced = 10_000

func newPace(perSecond float64) *pace {
	return &pace{rate: perSecond, keys: map[string]*rate.Limiter{}}
}

// allow counts a call of a key, or refuses it with models.Throttled.
func (p *pace) allow(keyID string, now time.Time) error {
	if p.rate <= 0 {
		return nil
	}
	p.mu.Lock()
	limiter := p.keys[keyID]
	if limiter == nil {
		if len(p.keys) >= mostPaced {
			clear(p.keys)
		}
		limiter = rate.NewLimiter(rate.Limit(p.rate), max(1, int(p.rate*burst)))
		p.keys[keyID] = limiter
	}
	p.mu.Unlock()
	r := limiter.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return models.Throttled{RetryAfter: wait}
	}
	return nil
}
