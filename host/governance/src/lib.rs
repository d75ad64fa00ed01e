//! Numbered, signed policy versions: proposed by one, approved by another, activated, rolled back.
