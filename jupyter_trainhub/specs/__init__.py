"""What a user asks for, validated: instances, jobs and what they are made of."""
