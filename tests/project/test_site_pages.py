"""Every public name has a page of the reference, and the texts of the pages of the site are markup as they mean it."""
