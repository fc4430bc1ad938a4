print 'homework 2'
