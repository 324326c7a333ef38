// Package faults injects faults into the fleet's own machines through AWS
// Fault Injection Service (FIS), in the fleet's words. It owns the experiment
// templates, their tags and what FIS's errors mean; no type of the SDK leaves it.
//
// # Decisions
//
// FIS picks the victims, by the fleet's and the pool's tag among what runs on
// Spot. Naming them by ARN was considered: a target takes five of those, and a
// list that the manager made is old when the experiment starts.
//
// The preview is EC2's list of the machines that FIS could pick. FIS has its
// own, an experiment that skips all actions. It costs a template, takes one of
// five places for experiments, does not check the role's permissions, and
// draws other victims than the real one will; it can't say that a pool has
// machines and all of them are on demand. Who may be hit is what an operator
// wants to know before saying yes.
//
// Every call bears being repeated. Client tokens come from the drill's id, but
// how long FIS remembers a token is not documented, so before anything is made
// it is looked for by tag: a drill has one experiment, also after its template
// is gone. Tokens cover what a list does not show yet, tags what tokens forgot.
//
// The experiment's role needs ec2:SendSpotInstanceInterruptions on instances
// and ec2:DescribeInstances on all. The manager needs, of fis,
// CreateExperimentTemplate, DeleteExperimentTemplate, StartExperiment,
// StopExperiment, GetExperiment, ListExperiments, ListExperimentTemplates,
// ListExperimentResolvedTargets and TagResource, and iam:PassRole on that role.
package faults
