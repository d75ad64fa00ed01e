//! What a change of policies can grant or deny: proofs and counterexamples, by an SMT solver.
