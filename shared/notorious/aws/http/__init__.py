"""The HTTPS API: one resolver, its routes by what they are about, its errors, its documentation."""
