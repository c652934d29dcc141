"""What must hold in every simulated life: one file each."""
