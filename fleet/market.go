package fleet

// market picks where to buy: spot-first falls back to on-demand when no spot
// offer is left, never the other way round. Offers whose setback has expired are
// on probation: a single machine tries them, and the next look has the rest. A
// wish for on-demand is heeded where the pool may buy so.
func (v *view) market(p *poolView, wish Market) (Market, int, Verdict) {
	markets := []Market{p.Market}
	switch {
	case p.Market == SpotFirst && wish == OnDemand:
		markets[0] = OnDemand
	case p.Market == SpotFirst:
		markets = []Market{Spot, OnDemand}
	}
	for _, m := range markets {
		clean, probation := v.offers(p, m)
		if clean > 0 {
			return m, p.Max, Verdict{}
		}
		if probation > 0 {
			return m, 1 - p.growing(), Verdict{NoCapacity, "pool " + p.Name + " tries one machine first"}
		}
	}
	return "", 0, Verdict{NoCapacity, "EC2 has none of pool " + p.Name + "'s offers"}
}

func (v *view) offers(p *poolView, m Market) (clean, probation int) {
	for _, o := range p.recipe.Offers {
		if o.Market != m {
			continue
		}
		s := v.setbacks[OfferKey(o)]
		switch {
		case s.Holds(v.At):
		case s.Probation(v.At):
			probation++
		default:
			clean++
		}
	}
	return clean, probation
}

// launch adds machines to the plan's one launch of the pool on the market.
func (v *view) launch(i int, market Market, n int) {
	p := &v.pools[i]
	if p.launch == nil {
		p.launch = map[Market]*Launch{}
	}
	l := p.launch[market]
	if l == nil {
		l = &Launch{Pool: p.Name, Template: p.recipe.Template, Market: market, Offers: v.usable(p, market), Standing: p.Stands()}
		p.launch[market] = l
	}
	l.Count += n
	p.count += n
	v.total += n
	v.unminted(i, n)
	if v.Allowance.Launches > 0 {
		v.Allowance.Launches -= n
	}
}

// usable lists the pool's offers on a market that no setback forbids, those on
// probation last.
func (v *view) usable(p *poolView, m Market) []Offer {
	var clean, probation []Offer
	for _, o := range p.recipe.Offers {
		s := v.setbacks[OfferKey(o)]
		switch {
		case o.Market != m, s.Holds(v.At):
		case s.Probation(v.At):
			probation = append(probation, o)
		default:
			clean = append(clean, o)
		}
	}
	return append(clean, probation...)
}
