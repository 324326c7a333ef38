package fleet

// settleIntents counts what is reserved, and reserves again what nobody
// settled: same id, same request, so that the client token makes it once.
func (v *view) settleIntents() {
	for _, in := range v.State.Intents {
		if in.Launch != nil && (v.Alone || !v.At.Before(in.SentAt.Add(ResendAfter))) && v.launched(in) {
			v.plan.Settle = append(v.plan.Settle, in.ID)
			continue
		}
		if at, ok := v.byID[in.Machine()]; ok {
			v.machines[at].intent, v.machines[at].leaving = true, in.End != nil || in.Stop != nil
			if in.Mint != nil {
				v.machines[at].minting, v.machines[at].scope = true, in.Mint.Scope
			}
		}
		if in.Launch != nil {
			v.reserve(*in.Launch)
		}
		switch {
		case in.Launch != nil && !v.At.Before(in.ReservedAt.Add(resendFor)):
			v.lookUp(in)
		case in.Stop != nil && v.opened(in.Stop.Machine):
			v.plan.Settle = append(v.plan.Settle, in.ID) // whether it stopped, a full look shows
		case v.Alone || v.past(later(in.SentAt, in.ReservedAt), ResendAfter):
			v.plan.Intents = append(v.plan.Intents, in)
		}
	}
}

// launched reports whether all machines of a launch are there: its answer was
// lost, and a full look showed them. It is not asked again what is known.
func (v *view) launched(in Intent) bool {
	n := 0
	for i := range v.machines {
		if v.machines[i].Intent == in.ID {
			n++
		}
	}
	return n >= in.Launch.Count
}

// lookUp settles a launch that was never answered with what two full looks
// show: its machines carry its tag, and a look has adopted them.
func (v *view) lookUp(in Intent) {
	since := in.ReservedAt.Add(resendFor)
	if v.LookedBefore.After(since) && v.past(since, orphanBound) {
		v.plan.Settle = append(v.plan.Settle, in.ID)
	}
}

// reserve counts a launch that is not answered yet against every cap.
func (v *view) reserve(l Launch) {
	v.total += l.Count
	i := v.pool(l.Pool)
	v.unminted(i, l.Count)
	if i >= 0 {
		v.pools[i].count += l.Count
		v.pools[i].coming += l.Count
	}
}

// unminted counts machines for which GitHub's allowance must still last. A copy
// of a token takes nothing from that.
func (v *view) unminted(pool, n int) {
	if pool < 0 || v.pools[pool].Registration != Token {
		v.generic += n
	}
}
