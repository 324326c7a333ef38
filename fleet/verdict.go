package fleet

// VerdictCode says why a job is not running. The list is closed.
type VerdictCode string

// The verdicts.
const (
	Covered    VerdictCode = "covered"     // an idle or coming machine could take it
	Launching  VerdictCode = "launching"   // a launch for it is reserved
	Gated      VerdictCode = "gated"       // GitHub waits for an approval or another gate
	NoPool     VerdictCode = "no-pool"     // no pool holds its labels
	Refused    VerdictCode = "refused"     // the account or repository is not served
	PoolFull   VerdictCode = "full"        // every fitting pool is at its cap, or the fleet is
	NoCapacity VerdictCode = "no-capacity" // EC2 has none of the pool's offers just now
	SetBack    VerdictCode = "set-back"    // machines that do not boot, or jobs not assigned
	Paused     VerdictCode = "paused"      // an operator said so
	Paced      VerdictCode = "paced"       // an allowance refills first
	Asking     VerdictCode = "asking"      // GitHub is asked whether it still waits
	Closed     VerdictCode = "closed"      // outside the pool's hours
)

// Verdict says why a job is not running, and what is being done about it.
// Detail changes only when the matter changes, never with time alone.
type Verdict struct {
	Code   VerdictCode
	Detail string
}

// String is the verdict as people read it.
func (v Verdict) String() string {
	if v.Detail == "" {
		return string(v.Code)
	}
	return string(v.Code) + ": " + v.Detail
}
